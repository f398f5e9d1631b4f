"""YAML as people mean it: keys are as written, `yes`, `no` and dates are text, a repeated key is an error."""

from __future__ import annotations

import re
from typing import Any

import yaml


class BadYaml(Exception):
    """Text that is not YAML, or repeats a key; one line, with the place."""


class _Loader(yaml.SafeLoader):
    """PyYAML follows YAML 1.1, where the country `NO` is false and a value map's `01` is the number 1."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise BadYaml(f"line {key_node.start_mark.line + 1}: a key has to be plain text")
            if key_node.value in found:
                raise BadYaml(f"line {key_node.start_mark.line + 1}: the key {key_node.value!r} is given twice")
            found[key_node.value] = self.construct_object(value_node, deep=deep)
        return found


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in rules if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
    ]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def load_yaml(text: str) -> Any:
    """The document in ``text``. Raises BadYaml."""
    try:
        return yaml.load(text, Loader=_Loader)  # a subclass of SafeLoader: it builds plain values only
    except yaml.YAMLError as exc:
        raise BadYaml(f"is not YAML: {' '.join(str(exc).split())}") from None
