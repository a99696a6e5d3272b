"""The benchmark of devices runs where there is none, and finds the bytes of the processor."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "neighbors_gpu.py"


@pytest.mark.slow
def test_the_benchmark_runs_on_the_processor(tmp_path):
    out = tmp_path / "out.json"
    sizes = ["--items", "3000", "--queries", "200", "--dim", "64", "--check", "100"]
    command = [sys.executable, str(SCRIPT), str(tmp_path), "--device", "cpu", *sizes]
    command += ["--memory", "64", "--repeat", "2", "--json", str(out)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "emm1_minutes_extrapolated" in found.stdout
    results = json.loads(out.read_text())
    assert results["same_bytes_as_processor"]
    assert results["compared"] == 100
    assert results["proof"]["int8"] + results["proof"]["float32"] == 200
