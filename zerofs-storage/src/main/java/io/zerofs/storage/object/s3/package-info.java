// SPDX-License-Identifier: AGPL-3.0-only
/** The object store that is a bucket of S3 or of a store that speaks its protocol. The only user of the AWS SDK. */
package io.zerofs.storage.object.s3;
