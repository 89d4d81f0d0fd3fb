"""List the faces of a take: where each looks, and how large it is.

python examples/inspect_faces.py TAKE FOLDER
"""

import sys

import recast


def main() -> None:
    take, folder = sys.argv[1:]
    job = recast.Workspace.create(folder, src=take, dst=take)
    faces = job.extract("dst", framing="full", size=128)
    print(f"{len(faces)} faces in {job.faceset_folder('dst')}")
    for index, name in enumerate(faces.names):
        turned = f"yaw {faces.yaw[index]:+4.0f}  pitch {faces.pitch[index]:+4.0f}"
        print(f"{name}  frame {faces.frames[index]}  {turned}  {faces.face_sizes[index]:.0f} px")
    frontal = faces[abs(faces.yaw) < 15]
    print(f"{len(frontal)} of them look at the camera")


if __name__ == "__main__":
    main()
