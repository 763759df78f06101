// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_learning.h"

#include "plugins/memory/ui/consolidation_text.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/progress_row.h"
#include "widgets/theme/theme.h"

#include <QPushButton>
#include <QVBoxLayout>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {

MemoryLearning::MemoryLearning(ui::EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_progress(new ui::ProgressRow(this)), m_banner(new ui::Banner(this)),
      m_talk(m_banner->addButton(tr("Talk to it")))
{
    setObjectName(u"memoryLearning"_s);
    m_progress->setObjectName(u"learningProgress"_s);
    m_banner->setObjectName(u"learningBanner"_s);
    m_talk->setObjectName(u"learningTalk"_s);
    m_talk->setToolTip(tr("Opens the new model in Play"));
    m_talk->hide();
    m_banner->clear();
    // Beside those of the panel.
    for (const auto &[usual, own] : {std::pair("panelProgressText", "learningText"), {"panelProgressBar", "learningBar"}, {"panelCancel", "learningCancel"}})
        if (auto *part = m_progress->findChild<QWidget *>(QString::fromLatin1(usual))) part->setObjectName(QString::fromLatin1(own));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(ui::space::kHalf);
    layout->addWidget(m_progress);
    layout->addWidget(m_banner);
    connect(m_talk, &QPushButton::clicked, this, [this] { Q_EMIT talkRequested(m_directory); });
    connect(m_banner, &ui::Banner::dismissed, this, [this] { setVisible(isBusy()); });
    hide(); // it takes no room while it has nothing to say
}

void MemoryLearning::start(const ModelConsolidationRequest &request, const QString &title)
{
    m_talk->hide();
    show();
    if (isBusy()) {
        m_banner->showMessage(ui::BannerKind::Warning, tr("The memory of %1 is being consolidated.").arg(m_title),
                              tr("Wait until it has ended, or cancel it."));
        return;
    }
    m_banner->clear();
    m_title = title;
    m_directory = ui::fromStd(request.directory);
    showPhase({.phase = ConsolidationPhase::Loading});
    m_request = m_session.consolidate(
        request, this,
        [this](const ConsolidationAmount &amount) {
            if (isBusy()) showPhase(amount);
        },
        [this](const Result<ModelConsolidationSummary> &reply) { finish(reply); });
    Q_EMIT busyChanged();
}

void MemoryLearning::showPhase(const ConsolidationAmount &amount)
{
    m_progress->setProgress(tr("Consolidating the memory of %1: %2").arg(m_title, phaseText(amount)), phaseFraction(amount),
                            [this] { cancel(); });
}

void MemoryLearning::finish(const Result<ModelConsolidationSummary> &reply)
{
    m_request.reset();
    m_progress->clear();
    Q_EMIT busyChanged();
    m_talk->setVisible(reply.ok());
    if (!reply.ok()) {
        m_banner->showError(reply.error());
        return;
    }
    m_directory = ui::fromStd(reply->directory);
    m_banner->showMessage(ui::BannerKind::Info, learnedText(*reply), learnedHint(*reply));
}

void MemoryLearning::cancel()
{
    if (!isBusy()) return;
    m_request.reset();
    m_progress->clear();
    m_talk->hide();
    m_banner->showMessage(ui::BannerKind::Info, tr("The consolidation was cancelled."), tr("No new model was made."));
    Q_EMIT busyChanged();
}

} // namespace orrery::memory_ui
