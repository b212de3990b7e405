// SPDX-License-Identifier: AGPL-3.0-only
/** Reading and writing of numbers, texts and lengths in byte buffers; damage is a CorruptObjectException. */
package io.zerofs.storage.bytes;
