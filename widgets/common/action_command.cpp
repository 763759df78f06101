// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/action_command.h"

#include <QAction>
#include <QVariant>

#include <utility>

namespace orrery::ui {
namespace {

constexpr auto kProperty = "orreryCommand";
using Command = std::function<QString()>;

} // namespace

void setActionCommand(QAction &action, Command command) { action.setProperty(kProperty, QVariant::fromValue(std::move(command))); }

Command actionCommand(const QAction &action) { return action.property(kProperty).value<Command>(); }

} // namespace orrery::ui
