#!/usr/bin/env python3
"""Writes published answers as models write them, one grading a line, for `irpo grade --compare`.

    tools/grader_variations.py form gsm8k/train.jsonl gsm8k/test.jsonl > form.jsonl
    bin/irpo grade --compare number-v1,number-v2 --rollouts form.jsonl

The first argument is a kind of forms, whose list is that of the graders' tests:

    form, sentence   the answer itself: a grader should count it as right
    signed           the answer with a minus, against the answer without: wrong
    spoiled          something else with the answer in it, such as 5^2 or x > 5: wrong

Every different positive answer of the files (`#### 72` in GSM8K) comes once in every form.
"""

import itertools
import json
import pathlib
import re
import sys

FORMS = "irpo/src/test/resources/dev/irpo/reward/variations.txt"


def rows(kind):
    lines = (pathlib.Path(__file__).parent.parent / FORMS).read_text(encoding="utf-8").split("\n")
    return [line.split(" | ", 1)[1].replace("<sp>", " ") for line in lines if line.startswith(kind + " | ")]


def forms(kind):
    if kind == "signed":
        return ["".join(parts) for parts in itertools.product(rows("minus"), rows("signed"))]
    return rows(kind)


def filled(form, answer):
    number = answer.replace(",", "")
    grouped = re.sub(r"(?<=\d)(?=(?:\d{3})+(?:\.|$))", ",", number.split(".")[0])
    grouped += number[number.find(".") :] if "." in number else ""
    return form.replace("####", "@").replace("#", number).replace("~", grouped).replace("@", "####")


def main():
    kind, *files = sys.argv[1:]
    if kind not in ("form", "sentence", "signed", "spoiled") or not files:
        sys.exit(__doc__)
    answers = set()
    for file in files:
        for line in open(file, encoding="utf-8"):
            answers.add(json.loads(line)["answer"].rpartition("####")[2].strip())
    for answer in sorted(answers):
        if float(answer.replace(",", "")) <= 0:
            continue  # the forms have a sign of their own, and 0 million is 0
        for form in forms(kind):
            response = "Final answer: " + filled(form, answer)
            print(json.dumps({"response": response, "answer": answer}, ensure_ascii=False))


if __name__ == "__main__":
    main()
