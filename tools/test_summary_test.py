"""Tests of tools/test_summary."""
import io
import tempfile
import unittest
from pathlib import Path

from check_layers_test import load

test_summary = load("test_summary")


class TestSummaryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        (Path(self.folder.name) / name).write_text(text)

    def summary(self):
        out = io.StringIO()
        status = test_summary.summarise(self.folder.name, out)
        return status, out.getvalue()

    def test_adds_up_files_and_steps(self):
        self.write("ctest-a.xml", '<testsuite><testcase name="a" status="run"/><testcase name="b" status="notrun"><skipped message="no"/>'
                                  "</testcase></testsuite>")
        test_summary.record(self.folder.name, "format", "0", "3")
        status, text = self.summary()
        self.assertEqual(0, status)
        self.assertEqual("2 passed, 0 failed, 1 skipped", text.splitlines()[-1])
        self.assertIn("skipped: ctest-a: b: no", text)

    def test_failures_are_named_and_fail(self):
        test_summary.record(self.folder.name, "Release build", "2", "3")
        self.write("pytest-release.xml", '<testsuites><testsuite><testcase classname="tests.test_x" name="y"><error message="boom"/>'
                                         "</testcase></testsuite></testsuites>")
        status, text = self.summary()
        self.assertEqual(1, status)
        self.assertEqual("0 passed, 2 failed", text.splitlines()[-1])
        self.assertIn("failed: pytest-release: tests.test_x::y: boom", text)
        self.assertIn("exit status 2", text)

    def test_unreadable_result_is_a_failure(self):
        self.write("ctest-a.xml", "<testsuite>")
        self.assertEqual(1, self.summary()[0])

    def test_nothing_ran_is_a_failure(self):
        self.assertEqual(1, self.summary()[0])


if __name__ == "__main__":
    unittest.main()
