"""What most recipes for WeasyPrint on Lambda come to: fetch, fill a template, print, store."""

import json
import os

import boto3
import requests
from jinja2 import Template
from weasyprint import HTML

PAGE = Template("""<!doctype html><html><head><title>Invoice {{ i.display_id }}</title><style>
@page { size: Letter; margin: 2cm; @bottom-right { content: counter(page) " of " counter(pages) } }
body { font-family: Inter, sans-serif; font-size: 10pt }
header { display: flex; justify-content: space-between }
table { width: 100%; border-collapse: collapse }
td, th { border-bottom: 1px solid #ccc; padding: 4px }
</style></head><body><header><h1>Invoice {{ i.display_id }}</h1><div>{{ i.status }}</div></header>
<table><thead><tr><th>Type</th><th>Country</th><th>Usage</th><th>Amount</th></tr></thead><tbody>
{% for l in i.invoice_items %}<tr><td>{{ l.type }}</td><td>{{ l.country_code }}</td>
<td>{{ l.usage }}</td><td>${{ l.amount }}</td></tr>{% endfor %}
{% for t in i.tax_items %}<tr><td>{{ t.type }}</td><td></td><td></td><td>${{ t.amount }}</td></tr>
{% endfor %}</tbody></table><p><b>Amount due: ${{ i.amount_due }}</b></p></body></html>""")

secrets = boto3.client("secretsmanager")
s3 = boto3.client("s3")
session = requests.Session()


def handler(event, _context):
    sid = event["rawPath"].split("/")[2]
    token = secrets.get_secret_value(SecretId=os.environ["CARRIERX_TOKEN_SECRET"])["SecretString"]
    answer = session.get(
        f"{os.environ['CARRIERX_BASE_URL']}/billing/invoices/{sid}?with_related=true",
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    answer.raise_for_status()
    pdf = HTML(string=PAGE.render(i=answer.json())).write_pdf()
    place = {"Bucket": os.environ["OUTPUT_BUCKET"], "Key": f"{sid}.pdf"}
    s3.put_object(**place, Body=pdf, ContentType="application/pdf")
    url = s3.generate_presigned_url("get_object", Params=place, ExpiresIn=900)
    return {"statusCode": 201, "body": json.dumps({"url": url})}
