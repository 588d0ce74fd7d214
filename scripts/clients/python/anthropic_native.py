"""The spans that Anthropic's own SDK makes."""

import common
from anthropic import Anthropic

provider = common.tracer_provider()
common.ask_claude(Anthropic(), is_stream=False)
provider.shutdown()
