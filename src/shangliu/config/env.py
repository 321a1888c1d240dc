"""This program's environment. Everything below gets what it needs of it handed down."""

from __future__ import annotations

import os

from shangliu.platform.env import read

ENV = read(os.environ)
