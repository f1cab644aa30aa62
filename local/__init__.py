"""The local run: everything that surrounds the Lambda functions, on 127.0.0.1 and nowhere else.

servers         loopback HTTP servers that really stop, and their exchanges
fake_carrierx   the CarrierX API, with scriptable faults
aws             S3, SQS, EventBridge, Secrets Manager and KMS, with our stack in them
s3_door         S3's own checks of presigned links, in front of the local S3
queue_pump      what Lambda's event source mapping does with a queue
gateway         what API Gateway does with an HTTP request
lambda_context  the second argument of a handler
events          the files of ``events/``
demo            all of it together: ``python -m local.demo``
"""
