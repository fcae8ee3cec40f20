"""Tests of tools/lint, with a program in clang-tidy's place."""
import io
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

from check_layers_test import load

lint = load("lint")

TIDY = """#!/bin/sh
if [ "$1" = --version ]; then echo "pretended 1"; exit 0; fi
for name; do :; done
echo "$name" >> {log}
if grep -q BAD "$name"; then echo "$name: finding"; exit 1; fi
"""


class LintTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.build = self.root / "build/tidy"
        self.build.mkdir(parents=True)
        self.log = self.root / "build/log"
        self.tidy = self.root / "build/tidy.sh"
        self.tidy.write_text(TIDY.format(log=self.log))
        self.tidy.chmod(0o755)
        self.write(".clang-tidy", "Checks: all")
        self.write(".gitignore", "build/")
        self.write("src/base/a.h", "int a;")
        self.write("src/base/b.h", '#include "base/a.h"\n')
        self.write("src/base/uses.cpp", '#include "base/b.h"\n')
        self.write("src/base/alone.cpp", "int x;")
        self.write("src/base/alone_test.cpp", "int y;")
        self.commands = [{"file": str(self.root / "src/base/uses.cpp"), "command": "c++ -c"}]
        self.write_commands()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def write_commands(self):
        (self.build / "compile_commands.json").write_text(json.dumps(self.commands))

    def run_lint(self, *names):
        """(exit status, the files clang-tidy saw)"""
        self.log.unlink(missing_ok=True)
        self.out = io.StringIO()
        status = lint.lint(self.root, self.build, str(self.tidy), list(names), 2, self.out)
        return status, sorted(self.log.read_text().split()) if self.log.exists() else []

    def test_what_passed_is_not_judged_again(self):
        both = ["src/base/alone.cpp", "src/base/uses.cpp"]
        self.assertEqual((0, both), self.run_lint(*both))
        self.assertEqual((0, []), self.run_lint(*both))
        self.assertIn("2 of them passed before", self.out.getvalue())

    def test_a_change_in_what_a_file_includes_counts(self):
        both = ["src/base/alone.cpp", "src/base/uses.cpp"]
        self.run_lint(*both)
        self.write("src/base/a.h", "int b;")
        self.assertEqual((0, ["src/base/uses.cpp"]), self.run_lint(*both))

    def test_settings_and_commands_count(self):
        self.run_lint("src/base/uses.cpp")
        self.commands[0]["command"] = "c++ -DX -c"
        self.write_commands()
        self.assertEqual((0, ["src/base/uses.cpp"]), self.run_lint("src/base/uses.cpp"))
        self.write(".clang-tidy", "Checks: some")
        self.assertEqual((0, ["src/base/uses.cpp"]), self.run_lint("src/base/uses.cpp"))

    def test_findings_fail_and_are_never_remembered(self):
        self.write("src/base/alone.cpp", "BAD")
        for _ in range(2):
            self.assertEqual((1, ["src/base/alone.cpp"]), self.run_lint("src/base/alone.cpp"))
            self.assertIn("src/base/alone.cpp: finding", self.out.getvalue())

    def test_changed_and_affected(self):
        def git(*arguments):
            subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.test", *arguments], cwd=self.root, check=True,
                           capture_output=True)
        git("init", "-q", "-b", "main")
        git("add", "-A")
        git("commit", "-qm", "one")
        git("checkout", "-qb", "topic")
        self.assertEqual([], lint.affected(self.root, lint.Sources(self.root), lint.changed(self.root)))
        self.write("src/base/a.h", "int c;")
        self.write("src/base/new.cpp", "int n;")
        self.assertEqual(["src/base/new.cpp", "src/base/uses.cpp"],
                         sorted(lint.affected(self.root, lint.Sources(self.root), lint.changed(self.root))))
        git("add", "-A")
        git("commit", "-qm", "two")
        self.assertEqual(["src/base/new.cpp", "src/base/uses.cpp"],
                         sorted(lint.affected(self.root, lint.Sources(self.root), lint.changed(self.root))))

    def test_every_source_leaves_tests_out(self):
        subprocess.run(["git", "init", "-q"], cwd=self.root, check=True)
        self.assertEqual(["src/base/alone.cpp", "src/base/uses.cpp"], sorted(lint.every_source(self.root)))


if __name__ == "__main__":
    unittest.main()
