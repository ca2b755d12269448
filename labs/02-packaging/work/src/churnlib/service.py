### BEGIN SOLUTION
"""Serves scores over HTTP: `/health`, and `/score?tenure=…&contract=…&monthly_charges=…&total_charges=…`."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from churnlib.scoring import band, score

PORT = 8000
KNOWN = {"tenure": "1", "contract": "Month-to-month", "monthly_charges": "70", "total_charges": "70"}


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON."""

    def do_GET(self) -> None:
        """200 with the answer, 422 for a row that can't be, 404 for another path."""
        url = urlsplit(self.path)
        if url.path == "/health":
            self._answer(200, {"status": "ok", "known": score(KNOWN)})
        elif url.path == "/score":
            try:
                probability = score(dict(parse_qsl(url.query, keep_blank_values=True)))
            except (KeyError, ValueError) as error:
                self._answer(422, {"error": str(error)})
            else:
                self._answer(200, {"churn": probability, "band": band(probability)})
        else:
            self._answer(404, {"error": f"no {url.path} here"})

    def _answer(self, status: int, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve on all of the container's addresses until it is stopped."""
    ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
### END SOLUTION
