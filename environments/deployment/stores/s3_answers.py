"""Ends with 0 when the S3 store answers. Without credentials it refuses, and that is an answer."""

import sys
import urllib.error
import urllib.request

try:
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open("http://127.0.0.1:8333/", timeout=4)
except urllib.error.HTTPError as refused:
    sys.exit(0 if refused.code == 403 else f"S3 answers {refused.code}")
except OSError as error:
    sys.exit(f"S3 does not answer: {error}")
