"""Tests of tools/check_layers, on small trees made here."""
import importlib.machinery
import importlib.util
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


def load(name):
    loader = importlib.machinery.SourceFileLoader(name, str(HERE / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


check_layers = load("check_layers")

HACKING = """
| Room | What | May use |
|---|---|---|
| `base/` | errors | fmt spdlog |
| `json/` | documents, *pure* | base simdjson |
| `net/` | sockets | base Asio |
| `proxy/` | exchanges | all above |
| `cli/` | main | all |
"""


class CheckLayersTest(unittest.TestCase):
    def check(self, files, hacking=HACKING):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "HACKING.md").write_text(hacking)
            for name, text in files.items():
                path = root / "src" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_layers.check(root)[0]

    def test_allowed_includes_pass(self):
        self.assertEqual([], self.check({
            "json/a.cpp": '#include "json/a.h"\n#include "base/error.h"\n#include <simdjson.h>\n#include <vector>\n',
            "json/a_test.cpp": "#include <gtest/gtest.h>\n#include <fstream>\n",
            "net/a.h": "#include <boost/asio/io_context.hpp>\n#include <sys/socket.h>\n",
            "proxy/a.cpp": '#include "net/a.h"\n#include <re2/re2.h>\n',
            "cli/main.cpp": '#include "proxy/a.h"\n#include <CLI/CLI.hpp>\n'}))

    def test_forbidden_room_names_place_and_what_is_allowed(self):
        complaints = self.check({"json/a.cpp": '\n#include "net/a.h"\n'})
        self.assertEqual(1, len(complaints))
        self.assertIn("src/json/a.cpp:2:", complaints[0])
        self.assertIn("json/ may not use net/", complaints[0])
        self.assertIn("allowed: base simdjson", complaints[0])

    def test_later_room_is_not_above(self):
        self.assertIn("proxy/ may not use cli/", self.check({"proxy/a.cpp": '#include "cli/x.h"\n'})[0])

    def test_forbidden_library(self):
        self.assertIn("may not use Asio", self.check({"json/a.h": "#  include <boost/asio.hpp>\n"})[0])
        self.assertIn("may not use GoogleTest", self.check({"base/a.h": "#include <gtest/gtest.h>\n"})[0])

    def test_pure_room_sees_no_socket_file_or_thread(self):
        for header in ("sys/socket.h", "fstream", "thread", "mutex", "unistd.h"):
            with self.subTest(header):
                self.assertIn("pure", self.check({"json/a.cpp": f"#include <{header}>\n"})[0])
        self.assertIn("pure", self.check({"json/a_test.cpp": "#include <sys/socket.h>\n"})[0])

    def test_include_without_room(self):
        self.assertIn('write "json/a.h"', self.check({"json/a.cpp": '#include "a.h"\n'})[0])

    def test_unknown_room_folder(self):
        self.assertIn("no room misc/", self.check({"misc/a.cpp": ""})[0])

    def test_table_must_exist_and_name_known_things(self):
        self.assertIn("no table", self.check({"json/a.cpp": ""}, hacking="nothing")[0])
        with self.assertRaisesRegex(ValueError, "boots"):
            self.check({"json/a.cpp": ""}, hacking="| `json/` | x | boots |\n")

    def test_this_projects_table_names_every_folder(self):
        rooms = check_layers.read_rooms(HERE.parent / "HACKING.md")
        self.assertLessEqual({"base", "json", "config", "proxy", "cli"}, set(rooms))
        self.assertTrue(rooms["json"].pure)
        self.assertFalse(rooms["net"].pure)


if __name__ == "__main__":
    unittest.main()
