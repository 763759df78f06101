// SPDX-License-Identifier: GPL-3.0-or-later
// Columns side by side in the playground: made when they are wanted, and asked.
#include "widgets/play/playground_panel.h"

#include "widgets/common/banner.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/prompt_edit.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"

#include <QStackedWidget>

using namespace Qt::StringLiterals;

namespace orrery::ui {

SideBySidePane *PlaygroundPanel::ensureComparison()
{
    if (m_compare) return m_compare;
    m_compare = new SideBySidePane(m_session, m_transcripts);
    m_transcripts->addWidget(m_compare);
    m_compare->setCommon(m_sampling->settings());
    m_compare->setColored(m_view->isColored());
    // The model that was talked to, twice: what is to differ is chosen there.
    m_compare->setColumns({{m_chooser->model()}, {m_chooser->model()}});
    connect(m_sampling, &SamplingForm::changed, m_compare, [this] { m_compare->setCommon(m_sampling->settings()); });
    connect(m_compare, &SideBySidePane::currentTokenChanged, this, &PlaygroundPanel::showCurrent);
    connect(m_compare, &SideBySidePane::tokensCame, this, &PlaygroundPanel::draftChanged);
    connect(m_compare, &SideBySidePane::tokensCame, this, &PlaygroundPanel::updateStatus);
    connect(m_compare, &SideBySidePane::changed, this, [this] {
        updateState();
        Q_EMIT draftChanged();
    });
    return m_compare;
}

void PlaygroundPanel::compareModels(const QStringList &models)
{
    setMode(PlayMode::Compare);
    std::vector<ComparedColumn> columns;
    for (const QString &model : models) {
        ComparedColumn column;
        column.model = model;
        columns.push_back(column);
    }
    m_compare->setColumns(columns);
    m_prompt->setFocus(Qt::OtherFocusReason);
}

void PlaygroundPanel::compare()
{
    banner()->clear();
    m_compare->generate(toStd(m_prompt->toPlainText()));
    updateState();
}

TokenView *PlaygroundPanel::currentView() const
{
    return isComparing() ? m_compare->current()->view() : m_view;
}

QString PlaygroundPanel::compareCommand() const
{
    const SideColumn *column = m_compare->current();
    if (column->chooser()->model().isEmpty() || isTooLongForCommand()) return {};
    GenerateRequest asked;
    asked.prompt = toStd(m_prompt->toPlainText());
    asked.sampling = column->sampling();
    return generateCommand(column->chooser()->model(), asked, {});
}

} // namespace orrery::ui
