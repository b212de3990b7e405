// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Describes the key that a record component is read from; its name is the component's in snake_case. Loader and
 * reference documentation are both made of this.
 */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
@interface Setting {
    /** What the key means, for the reference page. */
    String value();

    /** Value when the key is absent, as written in TOML; empty: the key is required unless its type is Optional. */
    String byDefault() default "";

    /** Another name that is understood. */
    String also() default "";

    /** Smallest value of a number. */
    double min() default Double.NEGATIVE_INFINITY;

    /** Largest value of a number. */
    double max() default Double.POSITIVE_INFINITY;
}
