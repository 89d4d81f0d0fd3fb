"""What pages there are, in the order of the work. A new page is a line here."""

from recast.language import to_say
from recast.studio import marking, merge, overview
from recast.studio.frame import Page

PAGES = {
    "overview": Page("/", to_say("Overview"), "o", overview.build, needs_workspace=False),
    "marking": Page("/mark", to_say("Marking"), "k", marking.build),
    "merge": Page("/merge", to_say("Merge"), "m", merge.build),
}
