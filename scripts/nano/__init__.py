"""Where the embedded student's first knowledge comes from: drills and GSM8K train questions.

A *drill* is a function that draws one `(prompt, answer)` pair; `corpus.py` mixes them. They teach
reading and a little arithmetic, so that a short fine-tuning finds circuits to build on. No drill
has ever seen a test item or a phrasing that only a test uses.
"""
