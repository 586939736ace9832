/**
 * The script of every page. It makes pages livelier: what moves is in modules beside this one. Without it nothing is missing.
 */
