// SPDX-License-Identifier: Apache-2.0
// An exception that left the code of a plugin: guardTorch() makes an error of it that names the plugin. Any
// thread.
#pragma once

#include <stdexcept>
#include <string>

namespace orrery::nn {

class PluginFailure : public std::runtime_error {
public:
    PluginFailure(const std::string &id, const std::string &reason)
        : std::runtime_error("plugin \"" + id + "\" failed: " + reason), m_reason(reason)
    {
    }
    [[nodiscard]] const std::string &reason() const { return m_reason; } ///< without the plugin's id

private:
    std::string m_reason;
};

/// Base of what somebody who looks at a pass throws to end it: it may come out of a part that a plugin has put
/// the program's own attention into.
struct PassEnded {};

/// Runs a plugin's code. Memory that ran out, a SettingError and PassEnded keep their type; whatever else is
/// thrown, also what is no exception class, becomes a PluginFailure.
class PluginGuard {
public:
    explicit PluginGuard(std::string id) : m_id(std::move(id)) {}
    [[nodiscard]] const std::string &id() const { return m_id; }
    template <typename Function> auto operator()(Function &&function) const
    {
        try {
            return function();
        } catch (...) {
            rethrow();
        }
    }

private:
    [[noreturn]] void rethrow() const;
    std::string m_id;
};

/// A part that there must be. @throw PluginFailure
template <typename Pointer> void checkMade(const Pointer &part, const PluginGuard &guard)
{
    if (!part) throw PluginFailure(guard.id(), "its factory made nothing");
}

} // namespace orrery::nn
