"""`PYTHONPATH=bench/peers python3 -m unittest harness.test_sitting`: rounds fit into the time they are given."""
import types
import unittest
from unittest import mock

from . import sitting


class Slow(sitting.Sitting):
    """A sitting whose blocks take `factor` times what they are thought to, on a clock of its own."""

    def __init__(self, factor, spread=0.0, rounds=5):  # pylint: disable=super-init-not-called
        self.options = types.SimpleNamespace(rounds=rounds, quick=False)
        self.peers, self.seconds, self.own_overhead, self.rounds_done = [], 0.0, 1.5, 0
        self.now, self.factor, self.spread, self.points, self.blocks = 0.0, factor, spread, [], 0

    def block(self, ours, order, number, attempt, job, clients):
        cost = self.block_cost(self.seconds)[sitting.BLOCKS.index((job, clients))]
        self.now += cost * self.factor
        self.points.append(self.seconds)
        self.blocks += 1
        return self.spread

    def run(self, time_limit):
        with mock.patch.object(sitting.time, "monotonic", lambda: self.now):
            self.seconds = self.fitting(5.0, self.options.rounds, time_limit * 0.9)
            self.rounds(None, time_limit)


class Rounds(unittest.TestCase):
    def test_on_a_machine_that_is_slower_than_thought_points_get_shorter_and_no_round_is_left_out(self):
        slow = Slow(1.3)
        slow.run(600.0)
        self.assertEqual(slow.rounds_done, 5)
        self.assertLess(slow.points[-1], slow.points[0])
        self.assertLessEqual(slow.now, 600.0)

    def test_noisy_blocks_are_repeated_only_from_time_that_no_round_needs(self):
        noisy = Slow(1.0, spread=0.5)
        noisy.run(600.0)
        self.assertEqual(noisy.rounds_done, 5)
        self.assertGreater(noisy.blocks, 20)
        self.assertLessEqual(noisy.now, 600.0)

    def test_far_too_little_time_leaves_rounds_out(self):
        hopeless = Slow(2.0)
        hopeless.run(120.0)
        self.assertLess(hopeless.rounds_done, 5)


if __name__ == "__main__":
    unittest.main()
