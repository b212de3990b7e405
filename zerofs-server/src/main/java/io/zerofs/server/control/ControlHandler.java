// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.control;

import java.util.Map;

/** Carries out one command of an operator. */
@FunctionalInterface
public interface ControlHandler {
    /**
     * Returns the members of the answer's object: see {@link Json} for their types. Called on a thread that may wait; several
     * calls may run at once. The thread is interrupted when the operator has gone or the daemon stops.
     *
     * @throws ControlException becomes the answer: a status, a word and the message
     */
    Map<String, Object> handle(ControlRequest request) throws ControlException, InterruptedException;
}
