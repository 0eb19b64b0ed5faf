# What a deploy job needs: a role that GitHub's workflows of one repository may assume, a bucket for
# the record, and the smallest policy for both. The site's bucket and the distribution are yours.
#
#   terraform apply -var 'repository=OWNER/NAME' -var 'distribution_ids=["E2EXAMPLE1"]' \
#     -var 'record_bucket=NAME-records' -var 'site_bucket=NAME-site'

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.81" # the first that needs no thumbprint
    }
  }
}

# Repositories made, renamed or moved since 15 July 2026 have ids in the tokens' subject. README.md
# says how to ask for them.
variable "repository" {
  description = "The repository as the token's subject names it: OWNER/NAME, or OWNER@ID/NAME@ID"
  type        = string

  validation {
    condition     = can(regex("^[^/:]+/[^/:]+$", var.repository))
    error_message = "Write OWNER/NAME or OWNER@ID/NAME@ID."
  }
}

variable "subject" {
  description = "What follows the repository in the token's subject, such as environment:production"
  type        = string
  default     = "ref:refs/heads/main"
}

variable "distribution_ids" {
  description = "Distributions that the job may invalidate"
  type        = list(string)
}

variable "record_bucket" {
  description = "Name of the bucket for the record; it is made here"
  type        = string
}

variable "site_bucket" {
  description = "Name of the site's bucket, which the job may write; empty if something else uploads"
  type        = string
  default     = ""
}

variable "create_oidc_provider" {
  description = "An account has one provider for GitHub: false if it is there already"
  type        = bool
  default     = true
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  partition    = data.aws_partition.current.partition
  account      = data.aws_caller_identity.current.account_id
  provider_arn = "arn:${local.partition}:iam::${local.account}:oidc-provider/token.actions.githubusercontent.com"
}

# AWS checks GitHub's certificate against its own list of authorities, so no thumbprint is needed.
resource "aws_iam_openid_connect_provider" "github" {
  count          = var.create_oidc_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.repository}:${var.subject}"]
    }
  }
}

resource "aws_iam_role" "deploy" {
  name_prefix        = "cloudfront-delta-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  depends_on         = [aws_iam_openid_connect_provider.github]
}

data "aws_iam_policy_document" "deploy" {
  statement {
    sid = "Invalidate"
    # GetInvalidation is for `wait` and for plans of several batches.
    actions = ["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"]
    resources = [
      for id in var.distribution_ids : "arn:${local.partition}:cloudfront::${local.account}:distribution/${id}"
    ]
  }

  statement {
    sid       = "Record"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.record.arn}/*"]
  }

  # Without it S3 answers 403 instead of 404 where there is no record yet.
  statement {
    sid       = "RecordIsMissing"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.record.arn]
  }

  dynamic "statement" {
    for_each = var.site_bucket == "" ? [] : [var.site_bucket]
    content {
      sid     = "Upload"
      actions = ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      resources = [
        "arn:${local.partition}:s3:::${statement.value}",
        "arn:${local.partition}:s3:::${statement.value}/*",
      ]
    }
  }
}

resource "aws_iam_role_policy" "deploy" {
  name   = "deploy"
  role   = aws_iam_role.deploy.id
  policy = data.aws_iam_policy_document.deploy.json
}

resource "aws_s3_bucket" "record" {
  bucket = var.record_bucket
}

resource "aws_s3_bucket_public_access_block" "record" {
  bucket                  = aws_s3_bucket.record.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# Versions, so that a record that was deleted by mistake can be brought back for a while.
resource "aws_s3_bucket_versioning" "record" {
  bucket = aws_s3_bucket.record.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "record" {
  bucket     = aws_s3_bucket.record.id
  depends_on = [aws_s3_bucket_versioning.record]
  rule {
    id     = "old-records"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }
}

output "deploy_role" {
  description = "For `role-to-assume`"
  value       = aws_iam_role.deploy.arn
}

output "manifest" {
  description = "For the input `manifest`"
  value       = "s3://${aws_s3_bucket.record.bucket}/cloudfront-delta/"
}
