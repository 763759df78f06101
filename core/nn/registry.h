// SPDX-License-Identifier: Apache-2.0
// Named factories of one kind of part: the table behind each extension point, whatever layer the point is of.
// Filled while libraries load or in tests, before anything is built; not safe against building. No torch.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace orrery::nn {

/// Specialised beside each kind of part that others may bring: `name`, as a plugin's JSON writes it, and
/// `Factory`.
template <typename Part> struct ExtensionPoint;

template <typename Part> class Registry {
public:
    using Factory = typename ExtensionPoint<Part>::Factory;
    /// A later registration under the same name wins, so that tests can put doubles in.
    void add(const std::string &name, Factory factory) { m_factories[name] = std::move(factory); }
    void remove(const std::string &name) { m_factories.erase(name); }
    /// nullptr when there is none.
    [[nodiscard]] const Factory *find(const std::string &name) const
    {
        const auto found = m_factories.find(name);
        return found == m_factories.end() ? nullptr : &found->second;
    }
    [[nodiscard]] std::vector<std::string> names() const
    {
        std::vector<std::string> all;
        for (const auto &[name, factory] : m_factories) all.push_back(name);
        return all;
    }

private:
    std::map<std::string, Factory> m_factories;
};

} // namespace orrery::nn
