// SPDX-License-Identifier: GPL-3.0-or-later
// A window half that does what its setting "behaviour" says, good or bad.
#include "widgets/plugins/ui_plugin.h"
#include "widgets/session/engine_session.h"

#include <QAction>
#include <QLabel>

#include <stdexcept>

namespace {

using namespace orrery;
using namespace orrery::ui;

class WindowProbe final : public UiPlugin {
public:
    Result<void> configure(UiContext &context) override
    {
        m_behaviour = context.setting(QStringLiteral("behaviour"), QStringLiteral("good")).toString();
        context.setSetting(QStringLiteral("seen"), m_behaviour);
        auto *panel = new QLabel(QStringLiteral("no news"));
        panel->setObjectName(QStringLiteral("probePanel"));
        const QString name =
            m_behaviour == QStringLiteral("bad_name") ? QStringLiteral("../x") : QStringLiteral("main");
        if (Result<void> added = context.addPanel(name, QStringLiteral("Probe"), panel); !added.ok()) {
            delete panel;
            return added;
        }
        context.addAction(new QAction(QStringLiteral("Probe it"), panel));
        auto *talk = new QAction(QStringLiteral("Talk to the probe"), panel);
        QObject::connect(talk, &QAction::triggered, panel, [&context] { context.talkTo(QStringLiteral("/models/probe")); });
        context.addAction(talk);
        QObject::connect(&context.session(), &EngineSession::connectionChanged, panel,
                         [panel] { panel->setText(QStringLiteral("news")); });
        if (m_behaviour == QStringLiteral("throws")) throw std::runtime_error("configure is out of order");
        if (m_behaviour == QStringLiteral("throws_int")) throw 7;
        if (m_behaviour == QStringLiteral("error")) return Error{ErrorCode::Io, "Cannot find its table.", ""};
        return {};
    }
    Result<void> start() override
    {
        if (m_behaviour == QStringLiteral("start_error"))
            return Error{ErrorCode::Io, "Cannot start today.", ""};
        return {};
    }
    void stop() override
    {
        if (m_behaviour == QStringLiteral("stop_throws")) throw std::runtime_error("stop is out of order");
    }

private:
    QString m_behaviour;
};

} // namespace

ORRERY_UI_PLUGIN(WindowProbe, "probe")
