"""The whole job, stage by stage; start it again with more steps and it goes on.

python examples/swap_two_takes.py SRC DST FOLDER STEPS
"""

import sys
from datetime import UTC, datetime

import recast


def report(event: recast.Event) -> None:
    match event:
        case recast.Started(stage, about):
            print(f"{stage}: {about}")
        case recast.TrainingProgress(step, share):
            print(f"step {step}, {share:.0%}", end="\r")
        case recast.Note(text):
            print(text)


def main() -> None:
    src, dst, folder, steps = sys.argv[1:]
    job = recast.Workspace.create(folder, src=src, dst=dst)
    if not job.consent:
        # For a real person: recast.consent_from_file, with what that person agreed to.
        nobody = recast.synthetic_consent(person="rendered person", now=datetime.now(UTC))
        job.record_consent(nobody)
    job.extract("src", report=report)
    job.extract("dst", report=report)
    job.train("swift", steps=int(steps), report=report)
    result = job.merge(mode="seamless", report=report)
    print(f"{result}: {recast.verify(result).state}")


if __name__ == "__main__":
    main()
