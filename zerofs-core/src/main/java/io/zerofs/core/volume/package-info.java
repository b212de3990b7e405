// SPDX-License-Identifier: AGPL-3.0-only
/**
 * The port below: an ordered, transactional key-value volume with file chunks and one durability barrier. Imports only
 * the JDK and {@code io.zerofs.core.waiting}.
 */
package io.zerofs.core.volume;
