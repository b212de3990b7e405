// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.control;

import java.util.Map;
import java.util.Optional;

/** The parameters of a command: those of the query, and the members of the body's object. */
public final class ControlRequest {
    private final Map<String, Object> parameters;

    ControlRequest(Map<String, Object> parameters) {
        this.parameters = parameters;
    }

    /** Returns a parameter of any type; empty if it is missing or null. */
    private Optional<Object> value(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /** Returns a parameter as text; empty if it is missing. */
    public Optional<String> text(String name) {
        return value(name).map(Object::toString);
    }

    /** Returns a parameter as text. */
    public String required(String name) throws ControlException {
        return text(name)
                .filter(text -> !text.isEmpty())
                .orElseThrow(() ->
                        new ControlException(ControlException.Kind.INVALID, "the parameter " + name + " is missing"));
    }

    /** Returns whether a parameter is true; a missing one is false. */
    public boolean flag(String name) throws ControlException {
        String text = text(name).orElse("false");
        if (!text.equals("true") && !text.equals("false")) {
            throw new ControlException(ControlException.Kind.INVALID, name + " must be true or false");
        }
        return text.equals("true");
    }

    /** Returns a parameter as a whole number of at least 1. */
    public long positive(String name) throws ControlException {
        String text = required(name);
        if (text.matches("[0-9]{1,19}")) {
            try {
                long number = Long.parseLong(text);
                if (number > 0) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Larger than 2^63 - 1.
            }
        }
        throw new ControlException(
                ControlException.Kind.INVALID, name + " must be a whole number from 1 to 2^63 - 1, not " + text);
    }
}
