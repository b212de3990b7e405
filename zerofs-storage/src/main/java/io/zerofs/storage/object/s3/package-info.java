// SPDX-License-Identifier: AGPL-3.0-only
/** The object store in a bucket of S3 or a compatible store. The only user of the AWS SDK. */
package io.zerofs.storage.object.s3;
