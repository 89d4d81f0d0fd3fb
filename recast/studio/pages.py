"""What pages there are, in the order of the work. A new page is a line here."""

from recast.language import to_say
from recast.studio import overview
from recast.studio.frame import Page

PAGES = {
    "overview": Page("/", to_say("Overview"), "o", overview.build, needs_workspace=False),
}
