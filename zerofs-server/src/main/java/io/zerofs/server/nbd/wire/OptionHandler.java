// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd.wire;

/**
 * Acts on options, one method for each kind.
 *
 * @param <R> result of acting on an option
 */
public interface OptionHandler<R> {
    R exportName(OptionRequest.ExportName request);

    R abort(OptionRequest.Abort request);

    R list(OptionRequest.ListExports request);

    R select(OptionRequest.Select request);

    R structuredReply(OptionRequest.StructuredReply request);

    R metaContext(OptionRequest.MetaContext request);

    R startTls(OptionRequest.StartTls request);

    R unsupported(OptionRequest.Unsupported request);
}
