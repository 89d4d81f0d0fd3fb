"""What pages there are, in the order of the work. A new page is a line here."""

from recast.language import to_say
from recast.studio import faces, marking, masks, merge, overview, train
from recast.studio.frame import Page

PAGES = {
    "overview": Page("/", to_say("Overview"), "o", overview.build, needs_workspace=False),
    "faces": Page("/faces", to_say("Faces"), "f", faces.build),
    "marking": Page("/mark", to_say("Marking"), "k", marking.build),
    "masks": Page("/masks", to_say("Masks"), "s", masks.build),
    "train": Page("/train", to_say("Train"), "t", train.build),
    "merge": Page("/merge", to_say("Merge"), "m", merge.build),
}
