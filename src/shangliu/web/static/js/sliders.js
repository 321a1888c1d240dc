// A slider shows its value while it moves and asks for the page when it is let go.
for (const slider of document.querySelectorAll('[data-slider]')) {
  const said = slider.closest('label').querySelector('output')
  slider.addEventListener('input', () => { said.textContent = `${slider.value}%` })
  slider.addEventListener('change', () => slider.form.requestSubmit())
}
