# Source text that runs in the student's kernel, one question at a time. Nothing here decides anything: it turns a value
# into capped plain JSON, and whoever tampers with it only changes what their own witness says. Names it is given:
# `question` (a dict), `namespace` (the notebook's globals). It leaves the reply in `answer`.
import io
import json
import traceback


def plain(value, depth=0):
    """The value as something JSON knows: numpy and pandas objects as numbers and lists, dataclasses as dicts."""
    if depth > 16:
        raise ValueError("nested deeper than 16 levels")
    if value is None or (isinstance(value, (bool, int, float, str)) and type(value).__module__ == "builtins"):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth + 1) for item in value]
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return plain(value.to_dict("records"), depth + 1)
    for method in ("tolist", "item"):
        if hasattr(value, method):
            return plain(getattr(value, method)(), depth + 1)
    raise TypeError(f"a {type(value).__name__} can't be sent as plain JSON")


def argument(given):
    if isinstance(given, dict) and set(given) == {"csv"}:
        import pandas

        return pandas.read_csv(io.StringIO(given["csv"]))
    return given


def reply():
    name = question["name"]
    if name not in namespace:
        return {"error": "undefined", "message": name}
    try:
        value = namespace[name]
        if question["kind"] == "call":
            value = value(*[argument(a) for a in question["args"]], **{k: argument(a) for k, a in question["kwargs"].items()})
    except BaseException as error:  # SystemExit and KeyboardInterrupt are answers, too
        cell = getattr(getattr(namespace[name], "__code__", None), "co_filename", "")
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == cell and "ipykernel" in cell]
        return {
            "error": "raised",
            "type": type(error).__name__,
            "message": str(error)[:2000],
            "line": (lines or [0])[-1],
        }
    try:
        text = json.dumps(plain(value))
    except BaseException as error:
        return {"error": "unsendable", "type": type(value).__name__, "message": str(error)[:2000]}
    if len(text) > question["cap"]:
        return {"error": "too_large", "message": str(len(text))}
    return {"value": text}


class Answer:
    def __init__(self, content):
        self.content = content

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {question["mime"]: self.content}


answer = Answer(reply())
