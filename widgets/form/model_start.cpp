// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/form/model_start.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QToolButton>

using namespace Qt::StringLiterals;

namespace orrery::ui {

ModelStart::ModelStart(QWidget *parent)
    : QWidget(parent), m_label(new ElidedLabel(QString(), Tone::Accent, TypeSize::Base, this)), m_drop(new QToolButton(this))
{
    setObjectName(u"modelStart"_s);
    m_label->setObjectName(u"modelStartName"_s);
    m_drop->setObjectName(u"dropModel"_s);
    m_drop->setAutoRaise(true);
    m_drop->setToolTip(tr("Begin with random weights; the settings stay"));
    m_drop->setAccessibleName(m_drop->toolTip());
    bindIcon(m_drop, u"close"_s);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_label, 1);
    layout->addWidget(m_drop);
    connect(m_drop, &QToolButton::clicked, this, [this] { setModel({}); });
    hide();
}

void ModelStart::setModel(const QString &model)
{
    if (model == m_model) return;
    m_model = model;
    m_label->setFullText(tr("Begins with the weights of %1").arg(model));
    setVisible(!model.isEmpty());
    Q_EMIT changed();
}

} // namespace orrery::ui
