// SPDX-License-Identifier: AGPL-3.0-only
/** An object store in the memory of the process. Tests use it as the reference implementation of the port. */
package io.zerofs.storage.object.memory;
