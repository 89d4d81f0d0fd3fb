"""What is called what in the folder of a job."""

from pathlib import Path

from recast.sides import Side


class Folders:
    """The files and folders of one job, whether they are there or not.

    workspace.json              version, the takes, consent records
    data_src/                   frames as pictures, if asked for; data_dst likewise
    data_src/aligned/           src's face set, one file a face
    data_src/aligned_debug/     the frames with what was found drawn on them
    data_src/extraction.json    how far the search for faces is
    data_src/marks.json         faces that a person marked
    data_dst/denoised.mp4       the dst take without its noise, which stands in for it
    model/<name>/               options.json, checkpoint/, gallery.safetensors, history.jsonl,
                                preview/
    data_dst/merging/<key>/     finished parts of a merge
    data_dst/merge.json         how it is to be merged; shots.json: settings of ranges
    studio/thumbs.sqlite        small pictures of the faces
    studio/jobs/                what was set going in the studio, and how it ended
    result.mp4
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def settings_file(self) -> Path:
        return self.root / "workspace.json"

    def frames_folder(self, side: Side) -> Path:
        """Where the frames of a take are put as pictures, at the root."""
        return self.root / f"data_{side}"

    def denoised_path(self, suffix: str) -> Path:
        """The denoised dst take: a file, or without a suffix a folder of pictures."""
        return self.root / "data_dst" / f"denoised{suffix}"

    @property
    def denoising_folder(self) -> Path:
        """Finished parts of a denoised take that is not whole yet."""
        return self.root / "data_dst" / "denoising"

    @property
    def denoising_file(self) -> Path:
        """What the denoised take was made of."""
        return self.root / "data_dst" / "denoising.json"

    def faceset_folder(self, side: Side) -> Path:
        return self.root / f"data_{side}" / "aligned"

    def others_folder(self, side: Side) -> Path:
        """Faces that were found, but are not the person's who is wanted."""
        return self.root / f"data_{side}" / "aligned_others"

    def debug_folder(self, side: Side) -> Path:
        """A picture of every frame that was searched, with what was found drawn on it."""
        return self.root / f"data_{side}" / "aligned_debug"

    def marks_file(self, side: Side) -> Path:
        """Faces that a person marked."""
        return self.root / f"data_{side}" / "marks.json"

    def extraction_file(self, side: Side) -> Path:
        return self.root / f"data_{side}" / "extraction.json"

    def model_folder(self, name: str) -> Path:
        return self.root / "model" / name

    def model_names(self) -> list[str]:
        """The trainings begun here, in order of their names."""
        return sorted(p.parent.name for p in self.root.glob("model/*/options.json"))

    def merging_folder(self, key: str) -> Path:
        return self.root / "data_dst" / "merging" / key

    @property
    def thumbs_file(self) -> Path:
        """Small pictures of all faces, for the studio."""
        return self.root / "studio" / "thumbs.sqlite"

    @property
    def jobs_folder(self) -> Path:
        """Records of what was set going in the studio."""
        return self.root / "studio" / "jobs"

    @property
    def cuts_file(self) -> Path:
        """Where dst's cuts are noted."""
        return self.root / "data_dst" / "cuts.json"

    @property
    def guard_file(self) -> Path:
        """What the guard saw in dst."""
        return self.root / "data_dst" / "guard.json"

    @property
    def merge_settings_file(self) -> Path:
        """How dst is to be merged, as it was left in the studio."""
        return self.root / "data_dst" / "merge.json"

    @property
    def shots_file(self) -> Path:
        """Ranges of dst with settings of their own, made there."""
        return self.root / "data_dst" / "shots.json"

    @property
    def merged_folder(self) -> Path:
        """Merged frames as pictures, if they were asked for."""
        return self.root / "data_dst" / "merged"

    @property
    def result(self) -> Path:
        return self.root / "result.mp4"

    def result_as(self, suffix: str) -> Path:
        """Where a result of another kind goes; without a suffix it is a folder of pictures."""
        return self.root / f"result{suffix}"

    @property
    def compared(self) -> Path:
        """The picture of frames under several modes."""
        return self.root / "compare.jpg"

    @property
    def sheet(self) -> Path:
        """The picture that shows dst and result side by side."""
        return self.root / "result.jpg"
