// SPDX-License-Identifier: Apache-2.0
// What CLI11 lets through and should not, of the worker's options and of what is asked of a host. Any thread.
#pragma once

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace orrery::worker {

/// For options of 64 bits: CLI11 takes the nearest that fits for a number that does not. What is no number it
/// refuses.
inline CLI::Validator fittingNumber()
{
    return {[](std::string &text) -> std::string {
                errno = 0;
                (void)std::strtoll(text.c_str(), nullptr, 0); // as CLI11 reads it
                if (errno != ERANGE) return {};
                return text + " does not fit, expected a whole number of at most 19 digits";
            },
            ""};
}

/// An empty name is a mistake, such as a variable of the shell that is not set; it does not mean "none".
/// @param other what does mean it
inline CLI::Validator namedFile(const std::string &other)
{
    return {[other](std::string &text) {
                return text.empty() ? "\"\" is no file, expected its path; " + other : std::string();
            },
            ""};
}

} // namespace orrery::worker
