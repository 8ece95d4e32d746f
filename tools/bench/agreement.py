"""The golden requests in precision auto and in f32.

usage: agreement.py MODEL.pith
"""
import json
import subprocess
import sys

from common import PITH, SHARED, THREADS, table, write_section

GOLDENS = SHARED / "goldens/compress_smollm2.jsonl"
model = sys.argv[1]
rows = []
for method in ("paper", "reference"):
    report = json.loads(subprocess.run(
        [PITH, "bench", "--agreement", str(GOLDENS), "--method", method, "-m", model, "-t", str(THREADS), "--format",
         "json"], check=True, capture_output=True).stdout)
    names = [f"{s['kernels']} {s['precision']}" for s in report["settings"]]
    rows.append([method, *names, report["requests"] - report["refused"],
                 f"{report['tokens']:,}", report["different"],
                 f"{report['share_agreed']:.4%}",
                 f"{report['perplexity_change']:+.5%}"])
write_section("agreement", table(
    ["method", "setting", "against", "requests", "tokens", "different",
     "agree", "perplexity"], rows))
