"""Runs under the Python of the template tools: prints what the SAM transform makes of a template.

The archives need not exist: their paths are replaced by S3 addresses, as ``sam package`` does.
"""

import json
import sys
from pathlib import Path

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator


def transform(path: Path) -> dict:
    template = yaml_parse(path.read_text("utf-8").replace(": dist/", ": s3://packaged/"))
    defaults = {name: each["Default"] for name, each in template["Parameters"].items()}
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    return translator.translate(sam_template=template, parameter_values=defaults)


if __name__ == "__main__":
    json.dump(transform(Path(sys.argv[1])), sys.stdout)
