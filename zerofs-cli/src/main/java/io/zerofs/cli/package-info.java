// SPDX-License-Identifier: AGPL-3.0-only
/** The program: one class per command, and the assembly of store, volume, file system and servers. */
package io.zerofs.cli;
