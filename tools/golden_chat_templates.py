#!/usr/bin/env python3
"""Makes testdata/golden/chat-templates.json: what transformers makes of chat templates.

    python3 -m venv venv
    venv/bin/pip install transformers==5.18.0 jinja2==3.1.6
    venv/bin/python tools/golden_chat_templates.py OUT.json

`expressions` are small templates, each with its text under `variables`, or null where transformers
refuses it. `templates` are ours, in the manner of published ones, each with its text for each of
`conversations`. The date is DATE.
"""

import datetime
import json
import sys

from transformers.utils import chat_template_utils

DATE = datetime.datetime(2024, 7, 26)


class Today(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return DATE


chat_template_utils.datetime = Today

VARIABLES = {
    "text": "  Hello, World!\n",
    "word": "straße",
    "wide": "a🙂b🙂c",
    "names": ["b", "A", "c", "a"],
    "numbers": [3, 1, 2],
    "nested": {"a": {"b": [1, {"c": "deep"}]}, "items": 5, "none": None},
    "people": [
        {"name": "Ann", "age": 31, "tags": ["x"]},
        {"name": "bob", "age": 7},
        {"name": "Cy", "age": 31, "tags": []},
    ],
    "flag": True,
    "nothing": None,
    "half": 0.5,
    "many": 1234567,
    "quote": "it's \"so\" \\ é\t\x01",
}

EXPRESSIONS = r"""
{{ text }}|{{ text|trim }}|{{ text.strip() }}|{{ text.rstrip() }}|{{ text.lstrip() }}
{{ 'xxaxx'.strip('x') }}{{ 'xxaxx'.lstrip('x') }}{{ 'xxaxx'.rstrip('x') }}{{ 'abcba'.strip('ab') }}{{ 'xax'|trim('x') }}
{{ 'a,b,,c'.split(',') }}{{ ' a  b c '.split() }}{{ 'a,b,c'.split(',', 1) }}{{ ' a b  c '.split(none, 1) }}{{ ''.split(',') }}{{ ''.split() }}
{{ 'a,b,c'.rsplit(',', 1) }}{{ ' a b c '.rsplit(none, 1) }}{{ 'abc'.split('') }}
{{ 'a\nb\r\nc\n'.splitlines() }}{{ 'a\nb'.splitlines(true) }}{{ 'a=b=c'.partition('=') }}{{ 'a=b=c'.rpartition('=') }}{{ 'abc'.partition('=') }}{{ 'abc'.rpartition('=') }}
{{ 'abc'.startswith('ab') }}{{ 'abc'.startswith(('x', 'a')) }}{{ 'abc'.endswith('c') }}{{ 'abc'.endswith(('x', 'y')) }}{{ 'abc'.startswith(['a']) }}
{{ 'abc'.startswith('ab') and 'abc'.endswith('') }}{{ 'abc'.removeprefix('a') }}{{ 'abc'.removesuffix('c') }}{{ 'abc'.removesuffix('x') }}
{{ 'aBc dE'.upper() }}{{ 'aBc dE'.lower() }}{{ 'aBc dE'.title() }}{{ 'aBc dE'.capitalize() }}{{ word.upper() }}{{ word|upper }}
{{ "they're bill's"|title }}{{ "they're bill's".title() }}{{ 'a-b (c) [d] <e> {f}'|title }}{{ 'ÉA'|capitalize }}{{ 'ABC'|lower }}
{{ 'banana'.replace('a', 'o') }}{{ 'banana'.replace('a', 'o', 2) }}{{ 'banana'|replace('an', '-') }}{{ 'banana'|replace('a', 'o', 1) }}{{ 'abc'.replace('', '-') }}{{ wide.replace('', '.') }}
{{ 'banana'.find('n') }}{{ 'banana'.find('x') }}{{ 'banana'.rfind('n') }}{{ 'banana'.index('n') }}{{ wide.find('b') }}{{ 'banana'.count('an') }}{{ 'aaa'.count('aa') }}{{ 'abc'.count('') }}
{{ 'abc'.index('x') }}
{{ ', '.join(['a', 'b']) }}{{ '-'.join('abc') }}{{ ''.join([]) }}
{{ ', '.join([1, 2]) }}
{{ '12'.isdigit() }}{{ ''.isdigit() }}{{ 'ab1'.isalnum() }}{{ 'ab'.isalpha() }}{{ ' \n'.isspace() }}{{ 'AB1'.isupper() }}{{ 'ab1'.islower() }}{{ '12'.islower() }}
{{ '7'.zfill(3) }}{{ '-7'.zfill(4) }}{{ 'a'.ljust(3, '.') }}{{ 'a'.rjust(3) }}
{{ wide|length }}{{ wide[1] }}{{ wide[-1] }}{{ wide[1:3] }}{{ wide[::-1] }}{{ wide|reverse }}{{ 'abc'[5] }}{{ 'abc'[5:] }}
{{ [1,2,3,4,5][1:3] }}{{ [1,2,3,4,5][::-1] }}{{ [1,2,3,4,5][::2] }}{{ [1,2,3,4,5][-2:] }}{{ [1,2,3,4,5][:-2] }}{{ [1,2,3,4,5][4:0:-2] }}{{ [1,2,3][10:] }}{{ [1,2,3][-10:2] }}{{ [1,2,3][none:2] }}
{{ [1,2,3][5] }}|{{ [1,2,3][-1] }}|{{ [1,2,3][-4] }}|{{ (1, 2)[0] }}|{{ (1,2,3)[1:] }}|{{ numbers.0 }}|{{ nested.a.b.1.c }}
{{ [1,2,3][::0] }}
{{ nested['a']['b'][1]['c'] }}{{ nested.missing }}{{ nested.missing is defined }}{{ nested['items'] }}{{ nested.items()|list }}
{{ nested.missing.more }}
{{ missing }}|{{ missing is defined }}|{{ missing is undefined }}|{{ not missing }}|{{ missing|length }}|{{ missing|default('d') }}|{{ missing|upper }}|{{ missing ~ 'x' }}|{% for x in missing %}{% else %}e{% endfor %}
{{ missing.name }}
{{ missing + 1 }}
{{ missing < 1 }}
{{ missing() }}
{{ missing[0] }}
{{ missing == other }}{{ missing == none }}{{ missing in [1] }}{{ 'a' in missing }}{{ missing is none }}{{ missing is string }}{{ missing is sequence }}{{ missing is iterable }}{{ missing|list }}{{ missing|join }}{{ missing|first }}
{{ nothing|default('d') }}|{{ nothing|default('d', true) }}|{{ ''|d('e', boolean=true) }}|{{ 0|default(5) }}
{{ 1 + 2 * 3 - 4 }}|{{ 7 // 2 }}|{{ -7 // 2 }}|{{ 7 % 3 }}|{{ -7 % 3 }}|{{ 7 / 2 }}|{{ 2 ** 3 ** 2 }}|{{ 2 ** -1 }}|{{ -2 ** 2 }}|{{ 7.5 // 2 }}|{{ -7.5 % 2 }}|{{ 1_000 }}|{{ +3 }}|{{ - 3 }}
{{ 1 / 0 }}
{{ 1 % 0 }}
{{ 'a' + 'b' }}{{ [1] + [2] }}{{ (1,) + (2,) }}{{ 'ab' * 3 }}{{ [0] * 2 }}{{ 2 * 'x' }}{{ true + 1 }}{{ true * 2 }}{{ 'x' * -1 }}
{{ 'a' + 1 }}
{{ [1] + (2,) }}
{{ 'a' - 'b' }}
{{ none + 1 }}
{{ 1 ~ 2 ~ none ~ true ~ 1.0 ~ [1] }}|{{ 1 * 2 ~ 3 * 4 }}|{{ 'a' + 1 ~ 2 }}
{{ 1 + 2 ~ 3 }}
{{ 'a' ~ 1 + 2 }}
{{ 2 ~ 3 + 4 }}
{{ 1.0 }} {{ 1e3 }} {{ 1e16 }} {{ 1.5e-5 }} {{ 0.0001 }} {{ 1e15 }} {{ 123456789.125 }} {{ 1e22 }} {{ 1.5e300 }} {{ half }} {{ 0.1 + 0.2 }} {{ 3.0 * 2 }} {{ -0.0 }}
{{ true }} {{ false }} {{ none }} {{ True }} {{ None }} {{ [true, none, 'a', 1.5] }} {{ {'a': 1, 2: none} }} {{ (1,) }} {{ () }} {{ {} }} {{ [[]] }} {{ quote }} {{ [quote] }} {{ ["it's"] }} {{ [wide] }}
{{ 1 == 1.0 }}{{ 1 == true }}{{ 'a' == 'a' }}{{ [1, 2] == [1, 2] }}{{ (1,) == [1] }}{{ {'a': 1} == {'a': 1.0} }}{{ none == false }}{{ '1' == 1 }}
{{ 1 < 2 }}{{ 1 < 2 < 3 }}{{ 1 < 3 < 2 }}{{ 'a' < 'b' }}{{ [1, 2] < [1, 3] }}{{ 2 >= 2 }}{{ 1 != 2 }}{{ 1 == 1 == 1 }}{{ '🙂' > '￿' }}
{{ 1 < 'a' }}
{{ none < 1 }}
{{ 'a' in 'abc' }}{{ 'x' not in 'abc' }}{{ 1 in [1, 2] }}{{ 'a' in {'a': 1} }}{{ not 'a' in 'b' }}{{ 1 in (2, 3) }}{{ '' in '' }}{{ 1.0 in [1] }}
{{ 1 in 'abc' }}
{{ 1 in none }}
{{ flag and 'yes' or 'no' }}|{{ '' or 'b' }}|{{ 0 and x.y }}|{{ not flag }}|{{ not not '' }}|{{ none or false or 0 }}|{{ 'a' and [] }}
{{ 'a' if flag else 'b' }}|{{ 'a' if not flag }}|{{ ('a' if not flag) is defined }}|{{ 1 if false else 2 if false else 3 }}|{{ (1 if flag else 2) + 1 }}
{{ numbers|sort }}{{ names|sort }}{{ names|sort(case_sensitive=true) }}{{ names|sort(reverse=true) }}{{ people|sort(attribute='age')|map(attribute='name')|join(',') }}{{ people|sort(attribute='age,name', reverse=true)|map(attribute='name')|list }}
{{ [1, 'a']|sort }}
{{ none|selectattr('a')|list }}{{ 0|map('upper')|list }}{{ none|reject|list }}{{ ''|rejectattr('a')|list }}
{{ 1|select|list }}
{{ none|sort }}
{{ names|unique|list }}{{ ['a','A','b']|unique(case_sensitive=true)|list }}{{ people|unique(attribute='age')|map(attribute='name')|list }}{{ [1, 1.0, 2]|unique|list }}
{{ numbers|max }}{{ numbers|min }}{{ names|max }}{{ names|min }}{{ []|max }}{{ people|max(attribute='age') }}{{ numbers|sum }}{{ people|sum(attribute='age') }}{{ numbers|sum(start=10) }}{{ []|sum }}
{{ numbers|first }}{{ numbers|last }}{{ []|first }}{{ []|last }}{{ 'abc'|first }}{{ 'abc'|last }}{{ {'k': 1}|first }}
{{ numbers|join }}{{ numbers|join(', ') }}{{ people|join('+', attribute='name') }}{{ people|join('+', 'age') }}{{ 'abc'|join('-') }}{{ [none, true]|join(',') }}
{{ numbers|reverse|list }}{{ 'abc'|reverse }}{{ numbers|list }}{{ 'abc'|list }}{{ {'a': 1}|list }}{{ numbers|string }}{{ 5|string + '!' }}{{ numbers|count }}{{ 'x'|length }}
{{ people|map(attribute='name')|list }}{{ people|map(attribute='tags', default='-')|list }}{{ names|map('upper')|join }}{{ numbers|map('string')|list }}{{ ['a ']|map('replace', 'a', 'b')|map('trim')|list }}{{ people|map(attribute='tags.0')|list }}
{{ numbers|select('odd')|list }}{{ numbers|reject('odd')|list }}{{ [0, 1, '', 'a']|select|list }}{{ [0, 1]|reject|list }}{{ numbers|select('greaterthan', 1)|list }}{{ numbers|select('in', [1, 2])|list }}{{ [1, none]|select('none')|list }}
{{ people|selectattr('tags')|map(attribute='name')|list }}{{ people|selectattr('age', 'equalto', 31)|map(attribute='name')|list }}{{ people|rejectattr('age', '==', 31)|map(attribute='name')|list }}{{ people|selectattr('tags', 'defined')|list|length }}{{ people|selectattr('name', 'in', ['Cy'])|first }}
{{ (numbers|select('odd')) is iterable }}{{ (numbers|select('odd')) is sequence }}{% if []|select('odd') %}true{% endif %}
{{ numbers|select('odd')|length }}
{{ (numbers|select('odd'))[0] }}
{{ nested|dictsort }}{{ {'b': 1, 'A': 2}|dictsort }}{{ {'b': 1, 'A': 2}|dictsort(true) }}{{ {'b': 1, 'A': 2}|dictsort(by='value', reverse=true) }}{{ {'a': 1}|items|list }}{{ missing|items|list }}
{{ 5|items|list }}
{{ nested|tojson }}|{{ quote|tojson }}|{{ [1.0, 1e20, true, none, 'é']|tojson }}|{{ {'b': 1, 'a': [2, {}]}|tojson(indent=2) }}|{{ []|tojson(indent=4) }}|{{ {1: 2, none: 3}|tojson }}{{ {true: 4, 1.5: 5}|tojson }}
{{ 'é🙂'|tojson(ensure_ascii=true) }}{{ {'b': 1, 'a': 2}|tojson(sort_keys=true) }}{{ [1, 2]|tojson(separators=(',', ':')) }}{{ {'a': 1}|tojson(separators=(',', ':')) }}{{ '<&>'|tojson }}{{ (1, 2)|tojson }}{{ {'a': 1}|tojson(indent='\t') }}
{{ missing|tojson }}
{{ numbers|select('odd')|tojson }}
{{ '42'|int }}{{ ' 42 '|int }}{{ '4.9'|int }}{{ 'x'|int }}{{ 'x'|int(7) }}{{ 4.9|int }}{{ true|int }}{{ none|int }}{{ '1e2'|int }}{{ '3.5'|float }}{{ 'x'|float }}{{ 2|float }}{{ -4.9|int }}
{{ 2.5|round }}{{ 3.5|round }}{{ 2.567|round(2) }}{{ 2.1|round(0, 'ceil') }}{{ 2.9|round(method='floor') }}{{ 5|round }}{{ 1234|round(-2) }}{{ 2.675|round(2) }}{{ -3|abs }}{{ -3.5|abs }}
{{ 'a\nb\n\nc'|indent }}|{{ 'a\nb'|indent(2, true) }}|{{ 'a\n\nb'|indent(2, blank=true) }}|{{ 'a\nb'|indent('> ') }}|{{ 'a\n'|indent(2) }}
{{ '<a href="x">\'&'|e }}{{ '<b>'|safe }}{{ '<b>'|escape }}{{ 'a b, c_d'|wordcount }}
{{ 1 is odd }}{{ 2 is even }}{{ 9 is divisibleby 3 }}{{ 9 is divisibleby(2) }}{{ 'a' is string }}{{ {} is mapping }}{{ [] is mapping }}{{ [] is sequence }}{{ 'a' is sequence }}{{ 1 is sequence }}{{ [] is iterable }}{{ none is iterable }}{{ 1 is number }}{{ true is number }}{{ 1.5 is number }}{{ 1 is integer }}{{ true is integer }}{{ 1.5 is float }}{{ true is boolean }}{{ 1 is boolean }}
{{ true is true }}{{ 1 is true }}{{ false is false }}{{ none is none }}{{ 'a' is not none }}{{ 'a' is eq 'a' }}{{ 'a' is equalto 'b' }}{{ 1 is ne 2 }}{{ 3 is gt 2 }}{{ 3 is lt(2) }}{{ 'a' is in ['a'] }}{{ 'a' is not in ['a'] }}{{ 'ab' is lower }}{{ 'AB' is upper }}{{ none is sameas none }}{{ raise_exception is callable }}{{ 'tojson' is filter }}{{ 'odd' is test }}{{ 'nope' is filter }}
{{ 1 is defined and 2 is defined }}{{ 1 is defined or x }}{{ not 1 is defined }}{{ 1 is not defined == false }}{{ 'a' is defined ~ 'b' }}
{{ 1 is defined is true }}
{% set x = 1 %}{% set y = x + 1 %}{{ x }}{{ y }}{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t = 1, 2 %}{{ t }}{% set (c, d) = [3, 4] %}{{ c }}{{ d }}
{% set x %} a {{ 1 }} {% endset %}[{{ x }}]{% set y | trim | upper %} b {% endset %}[{{ y }}]
{% set a, b = [1] %}
{% set ns = namespace(x=1, y='a') %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z is defined }}{% set ns.z = 3 %}{{ ns.z }}{% set n2 = namespace({'k': 2}) %}{{ n2.k }}
{% set x = {} %}{% set x.y = 1 %}
{% set x = 1 %}{% for i in [1, 2] %}{% set x = i + 10 %}{{ x }}{% endfor %}{{ x }}
{% for i in [1, 2] %}{{ seen is defined }}{% set seen = i %}{{ seen }}{% endfor %}{{ seen is defined }}
{% if true %}{% set z = 1 %}{% endif %}{{ z }}{% for i in [1] %}{% if true %}{% set w = 1 %}{% endif %}{{ w }}{% endfor %}{{ w is defined }}
{% for i in [1, 2, 3] %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}
{% for i in [1, 1, 2] %}{{ loop.changed(i) }}{{ loop.cycle('a', 'b') }}{{ loop.depth }}{% endfor %}
{% for i in [1, 2, 3, 4] if i is even %}{{ loop.index }}:{{ i }}/{{ loop.length }} {% else %}none{% endfor %}{% for i in [] %}{{ i }}{% else %}empty{% endfor %}{% for i in [1] if i > 1 %}{% else %}all out{% endfor %}
{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }},{% endfor %}{% for k in {'a': 1} %}{{ k }}{% endfor %}{% for k, v in {'a': 1}|dictsort %}{{ k }}{{ v }}{% endfor %}{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}{% for c in 'ab' %}[{{ c }}]{% endfor %}
{% for a, b in [[1]] %}{% endfor %}
{% for x in 5 %}{% endfor %}
{% for x in none %}{% endfor %}
{% for i in [1, 2, 3, 4] %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}
{% for i in [1, 2] %}{% for j in [1, 2, 3] %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }}{{ loop.index }} {% endfor %}{{ loop.index }}{% endfor %}
{% for i in range(3) %}{{ i }}{% endfor %}{{ range(2, 8, 3)|list }}{{ range(5, 0, -2)|list }}{{ range(0)|list }}{{ range(3, 1)|list }}{{ range(3)|length }}
{{ range(200000)|list }}
{% macro m(a, b='x', c=a) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(1, c=3) }}{{ m(b=2, a=1) }}{{ m() }}{% set v = m(1) %}{{ v|length }}{{ m(1) ~ '!' }}{{ m('q')|upper }}
{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{% endmacro %}{{ m(b=2) }}
{% set x = 1 %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ m() }}{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}
{% macro m(a) %}{% set y = a %}{{ y }}{% endmacro %}{{ m(1) }}{{ y is defined }}{% macro o(x) %}{% for i in x %}{{ m(i) }}{% endfor %}{% endmacro %}{{ o([1, 2]) }}
{% with a = 1, b = 2 %}{{ a }}{{ b }}{% set c = 3 %}{% endwith %}{{ a is defined }}{{ c is defined }}{% with %}{% set q = 1 %}{{ q }}{% endwith %}
{% filter upper|trim %} abc {{ 'd' }} {% endfilter %}{% generation %}g{% set g = 1 %}{{ g }}{% endgeneration %}{{ g is defined }}
{{ dict(a=1, b=2) }}{{ dict([('x', 1)]) }}{{ dict({'a': 1}, b=2) }}{{ {'a': 1}.get('a') }}{{ {'a': 1}.get('b') }}{{ {'a': 1}.get('b', 'd') }}{{ {'a': 1}.keys()|list }}{{ {'a': 1}.values()|list }}{{ {'a': 1}.items()|list }}{{ {'a': 1, 'a': 2} }}{{ [1, 2, 1].count(1) }}{{ [1, 2].index(2) }}{{ {'a': 1}|length }}{{ {'a': {'b': 1}}.copy() }}
{{ [].append(1) }}
{{ {}.update({}) }}
{{ [1].index(2) }}
{{ {[1]: 2} }}
{{ ''.__class__ }}
{{ raise_exception('no way') }}
{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%Y-%m-%d %H:%M:%S %A %a %B %j %y %I %p %%') }}
{{ 'a' 'b' "c" }}{{ 'it\'s' }}{{ "\"q\"" }}{{ 'a\nb\tc\\d\x41\u00e9\q\101' }}{{ 'line
break' }}
{# comment #}a{#- c -#} b {#+ c #}
{% raw %}{{ x }} {% if %}{# #}{% endraw %}|{%- raw -%} a {%- endraw -%} |
a {%- if true %} b {% endif -%} c
a {{- ' b ' -}} c  {{ 'd' }}  e
{{ {'a': {'b': 1}}['a'] }}{{ {'a': {}} }}{{ ({}) }}{{ [{}, {}] }}
{{ 1, 2 }}{{ (1) }}{{ (1,) }}{{ [1, 2,] }}{{ {'a': 1,} }}{{ [] }}
{{ messages }}{{ flag is defined and flag }}{{ many }}
{% if missing %}a{% elif nothing %}b{% elif 0 %}c{% else %}d{% endif %}{% if 1, %}t{% endif %}
{{ 'a' if }}
{{ }}
{% if %}{% endif %}
{% if true %}
{% endif %}
{% for x in [1] %}{% endif %}{% endfor %}
{% unknown %}
{{ 'a' | nofilter }}
{{ 1 is notest }}
{{ (1 }}
{{ 1) }}
{{ 'a }}
{% set true = 1 %}
{{ 1 2 }}
{{ a. }}
{{ a b }}
{# open
{% raw %} open
{% break %}
{{ f(a=1, 2) }}
{{ @ }}
{{ (5)() }}
"""

BLOCKS = [
    "{% if true %}\n  yes\n{% endif %}\nend\n",
    "  {% if true %}\n  yes\n  {% endif %}\nend\n\n",
    "  {%+ if true %}\n  yes\n  {%+ endif %}\nend",
    "a\n  {%- if true %}\n  yes\n  {%- endif %}\nend",
    "a\n  {% if true -%}\n\n  yes\n  {% endif -%}\n\nend",
    "a {% if true %} b {% endif %} c\n",
    "{% for i in [1, 2] %}\n  {{ i }}\n{% endfor %}\n",
    "{% for i in [1, 2] -%}\n  {{ i }}\n{%- endfor %}\n\n",
    "{% for i in [1, 2] +%}\n  {{ i }}\n{% endfor +%}\n",
    "{# comment #}\n{# another #}\n  {# third #}\nx {# fourth #}\ny\n",
    "{{ 'a' }}\n{{ 'b' }}\n",
    "  {{ 'a' }}  \n\t{{- 'b' }}\n",
    "{%- set x = 1 -%}\n\n {{ x }}\n\n{%- set y = 2 %}\n{{ y }}",
    "\r\n{% if true %}\r\n  a\r\n{% endif %}\r\nb\rc\r\n",
    "{% raw %}\n a {{ b }}\n  {% endraw %}\nc",
    "x\n{% raw -%}\n a\n{%- endraw %}\nc",
    "  {% raw %} a {% endraw -%}\n\n c",
    "{% macro m() %}\n  in\n{% endmacro %}\n  {{ m() }}\n",
    "\n\n{% if true %}\n\n\na\n\n{% endif %}\n\n",
    "a\n\n",
    "",
    "\n",
    "{% set x %}\n  a\n  {% if true %}\n  b\n  {% endif %}\n{% endset %}\n[{{ x }}]",
    "a\u00a0{%- if true %}\u2003b{% endif -%}\u00a0c",
]

SYSTEM = {"role": "system", "content": "  You count. "}
USER = {"role": "user", "content": " What is 2 + 2? "}
CONVERSATIONS = {
    "question": [USER],
    "system": [SYSTEM, USER],
    "answered": [USER, {"role": "assistant", "content": "4\n"}],
    "turns": [
        SYSTEM,
        USER,
        {"role": "assistant", "content": "<think>\nTwo and two.\n</think>\n\n4"},
        {"role": "user", "content": "And 3 + 3?"},
        {"role": "assistant", "content": "6"},
        {"role": "user", "content": "Thanks."},
    ],
    "two-questions": [USER, USER],
    "unknown": [{"role": "narrator", "content": "Once"}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}]}],
    "empty": [],
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}

TEMPLATES = {
    "plain-chatml": """{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message.content + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}""",
    "chatml-with-default-system": """{%- if tools %}
    {{- raise_exception('no tools here') }}
{%- else %}
    {%- if messages and messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou help.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == "user" or (message.role == "system" and not loop.first) or message.role == "assistant" and not message.tool_calls %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    "llama-2-manner": """{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set lead = messages[0]['content'] %}{% else %}{% set rest = messages %}{% set lead = false %}{% endif %}{% for turn in rest %}{% if (turn['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('user and assistant take turns') }}{% endif %}{% if loop.index0 == 0 and lead != false %}{% set said = '<<SYS>>\\n' + lead + '\\n<</SYS>>\\n\\n' + turn['content'] %}{% else %}{% set said = turn['content'] %}{% endif %}{% if turn['role'] == 'user' %}{{ bos_token + '[INST] ' + said.strip() + ' [/INST]' }}{% elif turn['role'] == 'assistant' %}{{ ' ' + said.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    "llama-3-manner": """{{- bos_token }}
{%- if custom is defined %}
    {%- set tools = custom %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set opening = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set opening = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Today is " + date_string + ".\\n\\n" }}
{{- opening }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "mistral-manner": """{%- if messages[0]["role"] == "system" %}
    {%- set opening = messages[0]["content"] %}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set turns = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- set questions = turns | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for turn in turns %}
    {%- if not (turn.role == "tool" or turn.tool_calls is defined) %}
        {%- if (turn["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the system's message user and assistant take turns") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for turn in turns %}
    {%- if turn["role"] == "user" %}
        {%- if tools is not none and (turn == questions[-1]) %}
            {{- "[AVAILABLE]" + (tools|tojson) }}
        {%- endif %}
        {%- if loop.last and opening is defined %}
            {{- "[INST] " + opening + "\\n\\n" + turn["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + turn["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif turn["role"] == "assistant" %}
        {{- " " + turn["content"]|trim + eos_token }}
    {%- else %}
        {{- raise_exception("there are user and assistant, with a system's message before them") }}
    {%- endif %}
{%- endfor %}
""",
    "qwen-3-manner": """{%- if messages and messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and message.content is string and not(message.content.startswith('<seen>') and message.content.endswith('</seen>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set thought = '' %}
        {%- if message.thought is string %}
            {%- set thought = message.thought %}
        {%- elif '</think>' in content %}
            {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or (not loop.last and thought)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "phi-3-manner": """{% for m in messages %}{% if m['role'] == 'system' and m['content'] %}{{'<|system|>
' + m['content'] + '<|end|>
'}}{% elif m['role'] == 'user' %}{{'<|user|>
' + m['content'] + '<|end|>
'}}{% elif m['role'] == 'assistant' %}{{'<|assistant|>
' + m['content'] + '<|end|>
'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>
' }}{% else %}{{ eos_token }}{% endif %}""",
    "gemma-manner": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set lead = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set lead = messages[0]['content'][0]['text'] -%}
    {%- endif -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set lead = "" -%}
    {%- set rest = messages -%}
{%- endif -%}
{%- for message in rest -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("user and model take turns") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '
' + (lead if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("no content") }}
    {%- endif -%}
    {{ '<end_of_turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model
'}}
{%- endif -%}
""",
    "deepseek-manner": """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, lead='', is_first_lead=true) %}{%- for message in messages %}{%- if message['role'] == 'system' %}{%- if ns.is_first_lead %}{% set ns.lead = ns.lead + message['content'] %}{% set ns.is_first_lead = false %}{%- else %}{% set ns.lead = ns.lead + '\n\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}{{ bos_token }}{{ ns.lead }}{%- for message in messages %}{% set content = message['content'] %}{%- if message['role'] == 'user' %}{{'<|User|>' + content}}{%- endif %}{%- if message['role'] == 'assistant' and content is not none %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<|Assistant|>' + content + eos_token}}{%- endif %}{%- endfor -%}{% if add_generation_prompt %}{{'<|Assistant|><think>\n'}}{% endif %}""",
    "zephyr-manner": """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    "smollm-3-manner": """{%- macro block(role) -%}<|im_start|>{{ role }}{{ '\\n' }}{%- endmacro -%}
{%- set mode = "/think" if enable_thinking is not defined or enable_thinking else "/no_think" -%}
{%- if messages and messages[0].role == "system" -%}
  {%- set own = messages[0].content -%}
  {%- if "/no_think" in own -%}{%- set mode = "/no_think" -%}{%- endif -%}
  {%- set own = own.replace("/no_think", "").replace("/think", "").rstrip() -%}
{%- endif -%}
{{ block("system") }}
{%- set today = strftime_now("%d %B %Y") -%}
{{ "## About\\n\\nToday: " ~ today ~ "\\nMode: " ~ mode ~ "\\n\\n" -}}
{%- if own -%}{{ own + "\\n\\n" }}{%- endif -%}
<|im_end|>
{% for message in messages -%}
    {%- set content = message.content if message.content is string else "" -%}
    {%- if message.role == "user" -%}
        {{ block(message.role) + content + "<|im_end|>\\n" }}
    {%- elif message.role == "assistant" -%}
        {% generation %}
        {%- if mode == "/think" -%}
            {{ block("assistant") ~ content.lstrip("\\n") ~ "<|im_end|>\\n" }}
        {%- else -%}
            {{ block("assistant") ~ "<think>\\n\\n</think>\\n" ~ content.lstrip("\\n") ~ "<|im_end|>\\n" }}
        {%- endif -%}
        {% endgeneration %}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ block("assistant") }}{%- endif -%}
""",
}


def rendered(template, variables):
    try:
        return chat_template_utils._compile_jinja_template(template).render(**variables)
    except Exception:  # whatever it is: the template is refused
        return None


def main():
    lines = EXPRESSIONS.strip("\n").split("\n")
    expressions = []
    for line in lines:  # a line that continues inside a string
        if expressions and expressions[-1].count("{{") > expressions[-1].count("}}") and line.startswith("break'"):
            expressions[-1] += "\n" + line
        else:
            expressions.append(line)
    golden = {
        "date": DATE.date().isoformat(),
        "variables": VARIABLES,
        "expressions": [[t, rendered(t, VARIABLES)] for t in expressions + BLOCKS],
        "tokens": TOKENS,
        "conversations": CONVERSATIONS,
        "templates": [
            {
                "name": name,
                "template": template,
                "texts": {
                    f"{conversation} {asks}": rendered(
                        template,
                        dict(TOKENS, messages=messages, tools=None, documents=None, add_generation_prompt=asks),
                    )
                    for conversation, messages in CONVERSATIONS.items()
                    for asks in (True, False)
                },
            }
            for name, template in TEMPLATES.items()
        ],
    }
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(golden, out, ensure_ascii=False, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
