// In a window lower than the card, the card sticks by its end, and the browser cannot scroll to a field that is
// above the window's edge: the card would come along. So we go up to where the card begins.
// (Without scripts the card does not stick in such a window; see css/site.css.)

const card = document.querySelector(".poster > .card");

card?.addEventListener("focusin", ({ target }) => {
  const field = target.getBoundingClientRect();
  if (field.top >= 0) return;
  const start = card.parentElement.getBoundingClientRect().top + scrollY;
  const below = field.top - card.getBoundingClientRect().top;
  scrollTo(scrollX, start + below - innerHeight / 3);
});
