#!/usr/bin/python3
"""Writes CloudTrail-shaped files for benchmarks. All content is made up.

    generate.py OUT [--files 200] [--bytes 300000000] [--big 100000000] [--seed 1]
                    [--pool 3000] [--plain]

OUT/log-NNNN.json.gz: FILES files, BYTES in all before compression, of sizes from a
fifteenth to three times their mean, each one line, {"Records":[...]}, without a final
newline. OUT/big.json.gz: one file of BIG bytes (0: none). --plain leaves out gzip.

The shape follows what real accounts show: a record has 1,268 bytes in the mean, there
are about 280 pairs of (eventSource, eventName), and about 12 in 100 records are
changes of identity, network or machines (principles 2 and 3); the rest are reads.
The same arguments give the same bytes.
"""
import argparse
import gzip
import json
import os
import random

IN_SCOPE_SHARE = 0.123

# Service, its changes in scope, its reads.
SERVICES = [
    ("iam", "User Role Group Policy AccessKey LoginProfile InstanceProfile "
            "PolicyVersion VirtualMFADevice SAMLProvider ServiceLinkedRole",
     "Users Roles Groups Policies AccessKeys InstanceProfiles PolicyVersions "
     "AccountSummary CredentialReport SSHPublicKeys MFADevices RolePolicies"),
    ("ec2", "Instances SecurityGroup Vpc Subnet RouteTable Route NetworkAcl "
            "InternetGateway NatGateway Volume Snapshot Image KeyPair LaunchTemplate",
     "Instances SecurityGroups Vpcs Subnets RouteTables NetworkAcls InternetGateways "
     "NatGateways Volumes Snapshots Images KeyPairs LaunchTemplates Addresses Regions "
     "AvailabilityZones InstanceStatus Tags NetworkInterfaces DhcpOptions FlowLogs"),
    ("s3", "Bucket BucketPolicy BucketAcl BucketEncryption",
     "Object BucketAcl BucketPolicy BucketLocation BucketLogging BucketVersioning "
     "BucketEncryption BucketTagging BucketNotification ObjectTagging"),
    ("rds", "DBInstance DBCluster DBSnapshot DBSubnetGroup",
     "DBInstances DBClusters DBSnapshots DBSubnetGroups Events Certificates"),
    ("lambda", "Function EventSourceMapping Alias",
     "Functions EventSourceMappings Aliases Layers FunctionConfiguration"),
    ("kms", "Key Alias Grant", "Key Keys Aliases KeyPolicy KeyRotationStatus Decrypt"),
    ("sts", "", "CallerIdentity AssumeRole SessionToken FederationToken"),
    ("organizations", "Account OrganizationalUnit Policy",
     "Accounts Organization Roots OrganizationalUnits Policies"),
    ("eks", "Cluster Nodegroup Addon", "Cluster Clusters Nodegroups Addons"),
    ("ecs", "Cluster Service TaskDefinition", "Clusters Services Tasks TaskDefinitions"),
    ("elasticloadbalancing", "LoadBalancer Listener TargetGroup",
     "LoadBalancers Listeners TargetGroups TargetHealth Tags Rules"),
    ("autoscaling", "AutoScalingGroup LaunchConfiguration",
     "AutoScalingGroups LaunchConfigurations Policies ScalingActivities"),
    ("route53", "HostedZone HealthCheck", "HostedZones ResourceRecordSets HealthChecks"),
    ("logs", "LogGroup LogStream", "LogGroups LogStreams MetricFilters QueryResults"),
    ("monitoring", "", "Alarms MetricData MetricStatistics Dashboards"),
    ("cloudformation", "Stack ChangeSet", "Stacks StackEvents StackResources Templates"),
    ("ssm", "Document Parameter", "Parameters Documents InstanceInformation Inventory"),
    ("secretsmanager", "Secret", "Secrets SecretValue ResourcePolicy"),
    ("dynamodb", "Table Backup", "Table Tables TimeToLive ContinuousBackups"),
    ("sns", "Topic Subscription", "Topics Subscriptions TopicAttributes"),
    ("sqs", "Queue", "Queues QueueAttributes QueueUrl"),
    ("config", "ConfigRule", "ConfigRules ComplianceDetails ConfigurationRecorders"),
    ("guardduty", "Detector", "Detectors Findings Members"),
    ("cloudtrail", "Trail", "Trails TrailStatus EventSelectors Events"),
]
READ_VERBS = ["Describe", "List", "Get"]
REGIONS = ["eu-west-2", "eu-west-1", "us-east-1", "eu-central-1"]
AGENTS = [
    "aws-cli/2.27.1 md/awscrt#0.26.1 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.13.2",
    "APN/1.0 HashiCorp/1.0 Terraform/1.12.0 terraform-provider-aws/5.98.0 "
    "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.2 md/GOOS#linux md/GOARCH#amd64",
    "Boto3/1.38.1 md/Botocore#1.38.1 ua/2.0 os/linux#5.10 md/arch#aarch64 Botocore/1.38.1",
    "autoscaling.amazonaws.com",
    "Mozilla/5.0 (X11; Linux x86_64; rv:138.0) Gecko/20100101 Firefox/138.0",
]
WORDS = ("orders billing gateway search ledger archive intake portal claims audit queue "
         "worker edge cache report").split()


def pairs():
    changes, reads = [], []
    for service, changed, read in SERVICES:
        source = service + ".amazonaws.com"
        for thing in changed.split():
            changes.append((source, "Create" + thing))
            if len(changes) % 3 == 0:
                changes.append((source, "Delete" + thing))
        for i, thing in enumerate(read.split()):
            reads.append((source, READ_VERBS[i % 3] + thing))
            if i % 2 == 0:
                reads.append((source, READ_VERBS[(i + 1) % 3] + thing))
    return changes, reads


def hexes(rng, count):
    return "%0*x" % (count, rng.getrandbits(4 * count))


def key_id(rng, prefix):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return prefix + "".join(rng.choice(letters) for _ in range(17))


def name(rng):
    return "%s-%s-%s" % (rng.choice(WORDS), rng.choice(WORDS), hexes(rng, 4))


def identity(rng, account):
    kind = rng.choices(["AssumedRole", "IAMUser", "AWSService", "Root"],
                       [58, 28, 12, 2])[0]
    if kind == "AWSService":
        return {"type": kind, "invokedBy": rng.choice(AGENTS[3:4])}
    if kind == "IAMUser":
        user = name(rng)
        return {"type": kind, "principalId": key_id(rng, "AIDA"),
                "arn": "arn:aws:iam::%s:user/%s" % (account, user), "accountId": account,
                "accessKeyId": key_id(rng, "AKIA"), "userName": user}
    if kind == "Root":
        return {"type": kind, "principalId": account,
                "arn": "arn:aws:iam::%s:root" % account, "accountId": account,
                "accessKeyId": key_id(rng, "ASIA")}
    role, session = name(rng), name(rng)
    principal = key_id(rng, "AROA")
    return {
        "type": kind, "principalId": principal + ":" + session,
        "arn": "arn:aws:sts::%s:assumed-role/%s/%s" % (account, role, session),
        "accountId": account, "accessKeyId": key_id(rng, "ASIA"),
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "principalId": principal,
                              "arn": "arn:aws:iam::%s:role/%s" % (account, role),
                              "accountId": account, "userName": role},
            "webIdFederationData": {},
            "attributes": {"creationDate": "2026-11-%02dT%02d:%02d:%02dZ" % (
                rng.randint(1, 28), rng.randint(0, 23), rng.randint(0, 59),
                rng.randint(0, 59)),
                "mfaAuthenticated": rng.choice(["true", "false"])}}}


def parameters(rng, change):
    choice = rng.random()
    if choice < 0.2 and not change:
        return None
    if choice < 0.5:
        return {"maxResults": rng.randint(5, 1000),
                "filterSet": {"items": [
                    {"name": "tag:" + rng.choice(WORDS),
                     "valueSet": {"items": [{"value": name(rng)}
                                            for _ in range(rng.randint(1, 4))]}}]}}
    if choice < 0.6:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
             "Resource": "arn:aws:s3:::%s/*" % name(rng)}]}, indent=2)
        return {"roleName": name(rng), "policyName": name(rng), "policyDocument": policy}
    return {"bucketName": name(rng), "Host": name(rng) + ".s3.eu-west-2.amazonaws.com",
            "key": "/".join(name(rng) for _ in range(rng.randint(1, 3)))}


def response(rng, change):
    if not change and rng.random() < 0.96:
        return None
    return {"requestId": hexes(rng, 32), "_return": True,
            "instancesSet": {"items": [
                {"instanceId": "i-" + hexes(rng, 17), "imageId": "ami-" + hexes(rng, 17),
                 "instanceState": {"code": 0, "name": "pending"},
                 "privateIpAddress": "10.%d.%d.%d" % tuple(
                     rng.randint(0, 255) for _ in range(3)),
                 "groupSet": {"items": [{"groupId": "sg-" + hexes(rng, 17),
                                         "groupName": name(rng)}]}}
                for _ in range(rng.randint(1, 2))]}}


def record(rng, change, pair):
    account = "%012d" % rng.randint(10 ** 11, 10 ** 12 - 1)
    source, operation = pair
    event = {
        "eventVersion": "1.11", "userIdentity": identity(rng, account),
        "eventTime": "@TIME@", "eventSource": source, "eventName": operation,
        "awsRegion": rng.choice(REGIONS), "sourceIPAddress": "@ADDR@",
        "userAgent": rng.choice(AGENTS)}
    if rng.random() < 0.05:
        event["errorCode"] = "AccessDenied"
        event["errorMessage"] = ("User: %s is not authorized to perform: %s:%s" % (
            event["userIdentity"].get("arn", "?"), source.split(".")[0], operation))
    event["requestParameters"] = parameters(rng, change)
    event["responseElements"] = response(rng, change)
    if rng.random() < 0.2:
        event["additionalEventData"] = {
            "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": rng.randint(0, 900), "AuthenticationMethod": "AuthHeader",
            "x-amz-id-2": hexes(rng, 64), "bytesTransferredOut": rng.randint(0, 9000)}
    event["requestID"] = "@REQUEST@"
    event["eventID"] = "@EVENT@"
    event["readOnly"] = not change
    if rng.random() < 0.2:
        event["resources"] = [{"accountId": account, "type": "AWS::S3::Bucket",
                               "ARN": "arn:aws:s3:::" + name(rng)}]
    event.update({"eventType": "AwsApiCall", "managementEvent": True,
                  "recipientAccountId": account, "eventCategory": "Management"})
    if rng.random() < 0.35:
        event["tlsDetails"] = {"tlsVersion": "TLSv1.3",
                               "cipherSuite": "TLS_AES_128_GCM_SHA256",
                               "clientProvidedHostHeader":
                                   source.replace(".", ".eu-west-2.", 1)}
    if rng.random() < 0.1:
        event["sessionCredentialFromConsole"] = "true"
    return json.dumps(event, separators=(",", ":"), ensure_ascii=rng.random() < 0.9)


def uuid(rng):
    text = hexes(rng, 32)
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])


class Writer:
    def __init__(self, seed, pool_size):
        self.rng = random.Random(seed)
        changes, reads = pairs()
        count = round(pool_size * IN_SCOPE_SHARE)
        pool = [record(self.rng, True, changes[i % len(changes)]) for i in range(count)]
        pool += [record(self.rng, False, reads[i % len(reads)])
                 for i in range(pool_size - count)]
        self.pool = [text.replace("%", "%%").replace("@TIME@", "%(time)s")
                     .replace("@ADDR@", "%(addr)s").replace("@REQUEST@", "%(request)s")
                     .replace("@EVENT@", "%(event)s") for text in pool]
        self.second = 0

    def event(self):
        rng = self.rng
        self.second += rng.random() < 0.3
        second = self.second
        return rng.choice(self.pool) % {
            "time": "2026-11-%02dT%02d:%02d:%02dZ" % (
                second // 86400 % 28 + 1, second // 3600 % 24, second // 60 % 60,
                second % 60),
            "addr": "192.0.2.%d" % rng.randint(1, 254),
            "request": uuid(rng), "event": uuid(rng)}

    def file(self, path, size, plain):
        opened = open(path, "wb") if plain else gzip.GzipFile(path + ".gz", "wb", 6,
                                                              mtime=0)
        total, count, lines = 12, 0, []
        with opened as out:
            out.write(b'{"Records":[')
            while total + 2 < size or count == 0:
                text = ("," if count else "") + self.event()
                data = text.encode()
                lines.append(data)
                total += len(data)
                count += 1
                if len(lines) == 500:
                    out.write(b"".join(lines))
                    lines = []
            out.write(b"".join(lines) + b"]}")
        return total + 2, count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--bytes", type=int, default=300_000_000)
    parser.add_argument("--big", type=int, default=100_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pool", type=int, default=3000)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    writer = Writer(options.seed, options.pool)
    weights = [1 / 15 + 2.9 * writer.rng.random() ** 2 for _ in range(options.files)]
    size, count = 0, 0
    for i, weight in enumerate(weights):
        wanted = int(options.bytes * weight / sum(weights))
        path = os.path.join(options.out, "log-%04d.json" % i)
        got, events = writer.file(path, wanted, options.plain)
        size += got
        count += events
    if count:
        print("%d files, %d bytes, %d records, %.0f bytes each" % (
            options.files, size, count, size / count))
    if options.big:
        got, events = writer.file(os.path.join(options.out, "big.json"), options.big,
                                  options.plain)
        print("big: %d bytes, %d records" % (got, events))


if __name__ == "__main__":
    main()
