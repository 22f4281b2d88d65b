"""Uploads a file with requests: `upload.py PATH URL HEADERS FIELDS`, each as JSON.

By the form; or, where URL ends in /presign, by the presigned form that is asked for there. Prints the answer.
"""

import json
import sys

import requests

SECONDS = 30


def post_form(url, fields, path, headers=None):
    with open(path, "rb") as file:
        answer = requests.post(url, data=fields, files={"file": file}, headers=headers, timeout=SECONDS)
    return succeeded(answer)


def succeeded(answer):
    if not answer.ok:
        sys.exit(f"{answer.url} answered {answer.status_code}: {answer.text}")
    return answer


path, url, headers, fields = (json.loads(one) for one in sys.argv[1:])
if url.endswith("/presign"):
    asked = requests.post(url, json=fields, headers=headers, timeout=SECONDS)
    form = succeeded(asked).json()["data"]
    print(post_form(form["url"], form["fields"], path).status_code)
else:
    print(post_form(url, fields, path, headers).text)
