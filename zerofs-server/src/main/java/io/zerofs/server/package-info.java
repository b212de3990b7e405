// SPDX-License-Identifier: AGPL-3.0-only
/** Protocol servers over the virtual file system: one package per protocol, and the packages that they share. */
package io.zerofs.server;
