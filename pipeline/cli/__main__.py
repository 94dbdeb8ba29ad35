"""``python -m pipeline.cli``, where the ``skein`` script is not on the path."""

import sys

from pipeline.cli.entry import main

sys.exit(main())
