// SPDX-License-Identifier: AGPL-3.0-only
/** Makes every test of this module fail on a leaked buffer; registered by service loading. */
package io.zerofs.server.leak;
