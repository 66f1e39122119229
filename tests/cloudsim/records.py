"""Makes CloudTrail records, shaped like versions 1.08 to 1.11, from a random generator.

Nothing here was copied from a real log: account numbers, names and addresses are
those that documentation may use.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable

Members = dict[str, object]
Maker = Callable[[random.Random], Members]

USERS = ("amara", "bjorn", "chidi", "deploy-bot", "elin")
ROLES = ("payroll-app", "network-admin", "ci-runner", "audit-reader", "platform-admin")
AGENTS = (
    "aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0 exe/x86_64.debian.12",
    "Boto3/1.34.80 md/Botocore#1.34.80 ua/2.0 os/linux#5.15 lang/python#3.12",
    "APN/1.0 HashiCorp/1.0 Terraform/1.7.5 terraform-provider-aws/5.44.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
)


def hex_id(r: random.Random, prefix: str) -> str:
    return f"{prefix}-{r.getrandbits(68):017x}"


def guid(r: random.Random) -> str:
    text = f"{r.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def nothing(_: random.Random) -> Members:
    return {}


def user(r: random.Random) -> Members:
    return {"userName": r.choice(USERS)}


def user_and_group(r: random.Random) -> Members:
    return {"groupName": r.choice(("admins", "readers")), "userName": r.choice(USERS)}


def role_policy(r: random.Random) -> Members:
    return {"roleName": r.choice(ROLES), "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}


def assume_role(r: random.Random) -> Members:
    return {"roleArn": f"arn:aws:iam::111122223333:role/{r.choice(ROLES)}",
            "roleSessionName": f"session-{r.randrange(1000)}", "durationSeconds": 3600}


def instances(r: random.Random) -> Members:
    return {"instancesSet": {"items": [{"instanceId": hex_id(r, "i")}]}}


def run_instances(r: random.Random) -> Members:
    return {"instancesSet": {"items": [{"imageId": hex_id(r, "ami"), "minCount": 1,
                                        "maxCount": 1}]},
            "instanceType": "t3.micro", "monitoring": {"enabled": False}}


def security_group_rule(r: random.Random) -> Members:
    port = r.choice((22, 443, 5432))
    ranges = {"items": [{"cidrIp": f"198.51.100.{r.randrange(256)}/32"}]}
    return {"groupId": hex_id(r, "sg"),
            "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": port,
                                         "toPort": port, "ipRanges": ranges}]}}


def route(r: random.Random) -> Members:
    return {"routeTableId": hex_id(r, "rtb"), "destinationCidrBlock": "203.0.113.0/24",
            "gatewayId": hex_id(r, "igw")}


def vpc(r: random.Random) -> Members:
    return {"cidrBlock": f"10.{r.randrange(256)}.0.0/16", "instanceTenancy": "default"}


def bucket(r: random.Random) -> Members:
    return {"bucketName": f"example-bucket-{r.randrange(40)}", "Host": "s3.amazonaws.com"}


def function(r: random.Random) -> Members:
    return {"functionName": f"job-{r.randrange(20)}", "runtime": "python3.12"}


def database(r: random.Random) -> Members:
    return {"dBInstanceIdentifier": f"db-{r.randrange(9)}", "dBInstanceClass": "db.t3.small"}


@dataclass(frozen=True)
class Operation:
    service: str
    name: str
    weight: float
    is_read: bool
    request: Maker = nothing
    resource: tuple[str, str] | None = None  # type, request parameter that names it


READS = (
    Operation("sts", "AssumeRole", 20, True, assume_role, ("AWS::IAM::Role", "roleArn")),
    Operation("ec2", "DescribeInstances", 18, True, instances),
    Operation("ec2", "DescribeSecurityGroups", 8, True),
    Operation("ec2", "DescribeVpcs", 5, True),
    Operation("s3", "GetBucketAcl", 8, True, bucket, ("AWS::S3::Bucket", "bucketName")),
    Operation("s3", "ListBuckets", 4, True),
    Operation("iam", "ListUsers", 4, True),
    Operation("iam", "GetUser", 4, True, user, ("AWS::IAM::User", "userName")),
    Operation("lambda", "ListFunctions20150331", 4, True),
    Operation("rds", "DescribeDBInstances", 6, True, database),
    Operation("cloudtrail", "LookupEvents", 5, True),
    Operation("kms", "Decrypt", 2, True),
)
WRITES = (  # 2a-2c and 3a-3g of the principles
    Operation("iam", "CreateUser", 1, False, user, ("AWS::IAM::User", "userName")),
    Operation("iam", "DeleteUser", .6, False, user, ("AWS::IAM::User", "userName")),
    Operation("iam", "CreateAccessKey", .8, False, user),
    Operation("iam", "AddUserToGroup", 1, False, user_and_group),
    Operation("iam", "RemoveUserFromGroup", .6, False, user_and_group),
    Operation("iam", "AttachRolePolicy", 1, False, role_policy),
    Operation("ec2", "RunInstances", 1, False, run_instances),
    Operation("ec2", "StartInstances", .7, False, instances),
    Operation("ec2", "StopInstances", .7, False, instances),
    Operation("ec2", "TerminateInstances", .6, False, instances),
    Operation("ec2", "AuthorizeSecurityGroupIngress", 1, False, security_group_rule),
    Operation("ec2", "RevokeSecurityGroupIngress", .6, False, security_group_rule),
    Operation("ec2", "CreateRoute", .6, False, route),
    Operation("ec2", "CreateVpc", .4, False, vpc),
    Operation("s3", "CreateBucket", .5, False, bucket, ("AWS::S3::Bucket", "bucketName")),
    Operation("lambda", "CreateFunction20150331", .5, False, function),
    Operation("rds", "CreateDBInstance", .4, False, database),
)
OPERATIONS = READS + WRITES
WEIGHTS = [operation.weight for operation in OPERATIONS]


def identity(r: random.Random, account: str) -> Members:
    kind = r.random()
    if kind < 0.1:
        return {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}
    if kind < 0.35:
        name = r.choice(USERS)
        return {"type": "IAMUser", "principalId": f"AIDA{name.upper():A<16.16}",
                "arn": f"arn:aws:iam::{account}:user/{name}", "accountId": account,
                "accessKeyId": f"AKIA{r.getrandbits(64):016X}", "userName": name}
    role, session = r.choice(ROLES), f"session-{r.randrange(1000)}"
    issuer = {"type": "Role", "principalId": f"AROA{role.upper():A<16.16}",
              "arn": f"arn:aws:iam::{account}:role/{role}", "accountId": account,
              "userName": role}
    attributes = {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"}
    return {"type": "AssumedRole", "principalId": f"AROA{role.upper():A<16.16}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
            "accountId": account, "accessKeyId": f"ASIA{r.getrandbits(64):016X}",
            "sessionContext": {"sessionIssuer": issuer, "attributes": attributes}}


def make_record(r: random.Random, second: int, account: str, region: str,
                operation: Operation | None = None) -> tuple[Members, Operation]:
    """One record and the operation it tells of."""
    op = operation or r.choices(OPERATIONS, WEIGHTS)[0]
    when = datetime.fromtimestamp(second, timezone.utc)
    is_refused = r.random() < 0.03
    request = op.request(r)
    record: Members = {
        "eventVersion": r.choice(("1.08", "1.09", "1.10", "1.11")),
        "userIdentity": identity(r, account),
        "eventTime": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{op.service}.amazonaws.com",
        "eventName": op.name,
        "awsRegion": region,
        "sourceIPAddress": f"192.0.2.{r.randrange(1, 255)}",
        "userAgent": r.choice(AGENTS),
    }
    if is_refused:
        record |= {"errorCode": "AccessDenied",
                   "errorMessage": f"not authorized to perform: {op.service}:{op.name}"}
    record |= {
        "requestParameters": request or None,
        "responseElements": None if op.is_read or is_refused else {"_return": True},
        "requestID": guid(r),
        "eventID": guid(r),
        "readOnly": op.is_read,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    if record["eventVersion"] >= "1.08" and r.random() < 0.8:
        record["tlsDetails"] = {"tlsVersion": "TLSv1.3",
                                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                                "clientProvidedHostHeader":
                                    f"{op.service}.{region}.amazonaws.com"}
    return record, op
