// SPDX-License-Identifier: AGPL-3.0-only
/** The object store in a container of Azure Blob Storage. The only user of the Azure SDK. */
package io.zerofs.storage.object.azure;
