// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/layout_name_dialog.h"

#include "widgets/common/panel_frame.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QDialogButtonBox>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {

LayoutNameDialog::LayoutNameDialog(About about, QWidget *parent)
    : QDialog(parent), m_about(std::move(about)), m_line(new QLineEdit(m_about.name, this)),
      m_problem(new ToneLabel(QString(), Tone::Error, TypeSize::Small, this)), m_save(new QPushButton(m_about.verb, this))
{
    setObjectName(u"layoutNameDialog"_s);
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(m_about.title);
    auto *sentence = new ToneLabel(m_about.sentence, Tone::Secondary, TypeSize::Base, this);
    sentence->setWordWrap(true);
    auto *title = new ToneLabel(tr("Name"), Tone::Secondary, TypeSize::Small, this);
    title->setBuddy(m_line);
    m_line->setObjectName(u"layoutName"_s);
    m_line->setAccessibleName(tr("Name of the layout"));
    m_line->setPlaceholderText(tr("Two monitors"));
    m_line->selectAll();
    m_problem->setObjectName(u"layoutNameProblem"_s);
    m_problem->setWordWrap(true);
    makePrimary(m_save);
    m_save->setObjectName(u"layoutNameSave"_s);
    auto *buttons = new QDialogButtonBox(this);
    buttons->addButton(m_save, QDialogButtonBox::AcceptRole);
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(space::kHalf);
    layout->addWidget(sentence);
    layout->addSpacing(space::kHalf);
    layout->addWidget(title);
    layout->addWidget(m_line);
    layout->addWidget(m_problem);
    layout->addSpacing(space::kOne);
    layout->addWidget(buttons);
    connect(m_line, &QLineEdit::textChanged, this, &LayoutNameDialog::check);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(buttons, &QDialogButtonBox::accepted, this, [this] {
        check();
        if (problem().isEmpty()) Q_EMIT chosen(name());
    });
    m_problem->hide(); // an empty line is no mistake before anybody typed
    m_save->setEnabled(m_about.problem(name()).isEmpty());
    m_save->setDefault(true);
    resize(380, sizeHint().height());
}

QString LayoutNameDialog::name() const { return m_line->text().simplified(); }

QString LayoutNameDialog::problem() const { return m_problem->text(); }

void LayoutNameDialog::showProblem(const QString &text)
{
    m_problem->setText(text);
    m_problem->setVisible(!text.isEmpty());
    m_line->setAccessibleDescription(text);
    m_save->setEnabled(text.isEmpty());
}

void LayoutNameDialog::check() { showProblem(m_about.problem(name())); }

} // namespace orrery::ui
