#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""Makes the running configuration of xlagg the wanted one, with `xlagg check`, `xlagg diff` and `xlagg restore`."""

import shlex

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: xlagg_config
short_description: Link aggregation and failover with xlagg
description:
  - Makes the running configuration exactly what is given, all of it or nothing. What does not differ is not touched.
options:
  config:
    description: The configuration as text, see xlagg.conf(5). Either this or I(laggs) is required, and not both.
    type: str
  laggs:
    description:
      - The laggs. Each is a mapping with C(name), C(ports), C(addresses), and options by the names in xlagg(8).
      - A port is a device's name, or a mapping with C(name) and port options.
    type: raw
  socket:
    description: The agent's control socket. If it is empty, the default one.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author:
  - The xlagg authors
"""

EXAMPLES = r"""
- name: Two ports under LACP
  xlagg_config:
    laggs:
      - name: lagg0
        proto: lacp
        ports: [eth0, {name: eth1, prio: 100}]
        addresses: [192.0.2.15/24]
"""

RETURN = r"""
config:
  description: The wanted configuration, as text.
  returned: success
  type: str
commands:
  description: The commands of xlagg(8) that the change consists of. Empty if nothing differed.
  returned: success
  type: list
  elements: str
"""


class Wrong(Exception):
    """A variable that cannot be written as a configuration. Its text is the sentence for the user."""


def mapping_of(thing, what):
    """Checks that a lagg or a port is a mapping with a name."""
    if not isinstance(thing, dict) or not isinstance(thing.get("name"), str):
        raise Wrong("%s is a mapping with a name, in quotes if it is a number or a MAC, not %r" % (what, thing))
    return thing


def list_of(value, what):
    """Checks that a value is a list."""
    if not isinstance(value, list):
        raise Wrong("%s is a list, not %r" % (what, value))
    return value


def words_of(option, value, whose):
    """Returns the words of a value. YAML takes on, off and no for booleans, and a list is written with commas."""
    if isinstance(value, bool):
        return ["on" if value else "no" if option == "absent" else "off"]
    if isinstance(value, list) and value and all(isinstance(item, (str, int)) for item in value):
        return [",".join(str(item) for item in value)]
    if not isinstance(value, (str, int)):
        raise Wrong("%s: %s is a word, a number or a list of them, not %r" % (whose, option, value))
    if option == "mac" and str(value).startswith("from "):
        return ["from", value[len("from "):]]
    return [str(value)]


def options_of(thing, others=()):
    """Returns the options of a lagg or a port as words."""
    words = []
    for option, value in thing.items():
        if option != "name" and option not in others:
            words += [str(option)] + words_of(option, value, thing["name"])
    return words


def port_of(port, lagg):
    """Returns the words that add a port to a lagg."""
    port = mapping_of({"name": port} if isinstance(port, str) else port, "%s: a port" % lagg)
    return ["port", port["name"]] + options_of(port)


def command_of(lagg):
    """Returns the command that makes a lagg, with a line for each port and address."""
    name = mapping_of(lagg, "a lagg")["name"]
    lines = [["lagg", "add", name] + options_of(lagg, ("ports", "addresses"))]
    lines += [port_of(port, name) for port in list_of(lagg.get("ports", []), "%s: ports" % name)]
    lines += [[str(address)] for address in list_of(lagg.get("addresses", []), "%s: addresses" % name)]
    return " \\\n    ".join(" ".join(shlex.quote(word) for word in line) for line in lines) + "\n"


def text_of(config, laggs):
    """Returns the wanted configuration. A forgotten text must not remove every lagg; an empty list says that it shall."""
    if (config is None) == (laggs is None):
        raise Wrong("either xlagg_config or xlagg_laggs is needed, and not both")
    if config is None:
        return "".join(command_of(lagg) for lagg in list_of(laggs, "xlagg_laggs"))
    if not config.strip():
        raise Wrong("xlagg_config is empty; if every lagg shall be removed, say so with xlagg_laggs: []")
    return config


def run(module, verb, text, expected):
    """Runs `xlagg VERB` on the text. Any other exit status than those expected ends the module with xlagg's sentence."""
    command = [module.get_bin_path("xlagg", required=True)]
    if module.params["socket"]:
        command += ["--socket", module.params["socket"]]
    status, out, sentence = module.run_command(command + [verb, "-"], data=text, binary_data=True)
    if status not in expected:
        module.fail_json(msg=sentence.strip().replace("xlagg: -:", "xlagg: line ", 1), rc=status)
    return status, out


def main():
    module = AnsibleModule(
        argument_spec={
            "config": {"type": "str"},
            "laggs": {"type": "raw"},
            "socket": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        text = text_of(module.params["config"], module.params["laggs"])
    except Wrong as wrong:
        module.fail_json(msg=str(wrong))
    run(module, "check", text, [0])
    differs, commands = run(module, "diff", text, [0, 1])
    if differs and not module.check_mode:
        run(module, "restore", text, [0])
    module.exit_json(changed=bool(differs), config=text, commands=commands.splitlines(), diff={"prepared": commands})


if __name__ == "__main__":
    main()
