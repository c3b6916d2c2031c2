"""`PYTHONPATH=bench/peers python3 -m unittest harness.test_report`: which attempts count and how ratios are taken."""
import unittest

from . import report


def line(engine, rate, number=1, attempt=1, noisy=False, store="sqlite", job="A"):
    return {"kind": "run", "engine": engine, "store": store, "job": job, "round": number, "attempt": attempt,
            "block": "A64", "clients": 64, "noisy": noisy, "per_second": rate, "ok": 10, "errors": 0,
            "p50_ms": 1.0, "p99_ms": 2.0}


class Report(unittest.TestCase):
    def test_of_noisy_attempts_the_last_counts_and_a_quiet_one_before_it_wins(self):
        lines = [line("ruslo", 1, attempt=1, noisy=True), line("ruslo", 2, attempt=2),
                 line("ruslo", 3, number=2, attempt=1, noisy=True), line("ruslo", 4, number=2, attempt=2, noisy=True)]
        self.assertEqual([l["per_second"] for l in report.accepted(lines)], [2, 4])

    def test_a_ratio_is_taken_within_a_round_against_the_mean_of_both_our_runs(self):
        lines = [line("ruslo", 100), line("peer", 10), line("ruslo", 300),
                 line("ruslo", 50, number=2), line("peer", 10, number=2), line("ruslo", 50, number=2)]
        peer = [l for l in lines if l["engine"] == "peer"]
        self.assertEqual(report.ratios(lines, peer, "sqlite"), [20, 5])
        self.assertEqual(report.ratios(lines, peer, "postgres"), [])

    def test_the_like_storage_is_bold_and_errors_are_not_hidden(self):
        broken = {**line("peer", 10, store="postgres"), "errors": 3}
        lines = [line("ruslo", 100), line("ruslo", 40, store="postgres"), broken]
        (row,) = report.peer_rows(lines, ["peer"])
        self.assertEqual(row[4:], ["10.0", "**4.0**", "**3 errors beside 10 done**"])


if __name__ == "__main__":
    unittest.main()
